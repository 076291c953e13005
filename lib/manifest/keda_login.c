/*
 * manifest/keda_login.c - whether a trigger can log in: which parameters the modes of its metadata
 * need, and which of them its TriggerAuthentication gives.
 *
 * Secrets are not read: a parameter that is named counts as there. Where the TriggerAuthentication
 * is not in the files, nothing is known of its parameters, and nothing is said.
 *
 * Upstream: KEDA pkg/scalers/authentication/authentication_types.go,
 * pkg/scaling/resolver/scale_resolvers.go.
 */
#include "keda_trigger.h"

#include <string.h>

/* ---- parameters ----------------------------------------------------------------------------- */

enum login { LOGIN_NONE, LOGIN_UNKNOWN, LOGIN_KNOWN };

static enum login login_of(const struct weir__trigger_build *b)
{
    const struct weir__keda_authentication *a = b->in->authentication;

    if (a == NULL) {
        return LOGIN_NONE;
    }
    return a->spec == NULL || weir__node_get(a->spec, "filePath") != NULL ? LOGIN_UNKNOWN
                                                                          : LOGIN_KNOWN;
}

static int lists(const struct weir__node *list, const char *parameter)
{
    if (list == NULL || list->type != WEIR__NODE_SEQUENCE) {
        return 0;
    }
    for (const struct weir__entry *e = list->first; e != NULL; e = e->next) {
        if (weir__node_is(weir__node_get(e->value, "parameter"), parameter)) {
            return 1;
        }
    }
    return 0;
}

/* Whether the object gives a parameter, by whatever way. */
static int gives(const struct weir__node *spec, const char *parameter)
{
    static const char *const direct[] = {"secretTargetRef", "configMapTargetRef", "env",
                                         "boundServiceAccountToken"};
    static const char *const vaults[] = {"hashiCorpVault", "azureKeyVault", "gcpSecretManager",
                                         "awsSecretManager"};
    static const char *const oauth[] = {"oauthTokenURI", "clientID", "clientSecret"};
    int found = 0;

    for (size_t i = 0; i < WEIR__COUNT(direct); i++) {
        found |= lists(weir__node_get(spec, direct[i]), parameter);
    }
    for (size_t i = 0; i < WEIR__COUNT(vaults); i++) {
        found |= lists(weir__node_get(weir__node_get(spec, vaults[i]), "secrets"), parameter);
    }
    for (size_t i = 0; i < WEIR__COUNT(oauth) && weir__node_get(spec, "oauth2") != NULL; i++) {
        found |= strcmp(oauth[i], parameter) == 0;
    }
    return found;
}

/* Whether a parameter is there, as far as it can be known. An alternative name counts too. */
static int has(const struct weir__trigger_build *b, const char *parameter, const char *or_name,
               int in_metadata)
{
    enum login login = login_of(b);
    size_t length;

    if (in_metadata && weir__metadata_get(b->in, parameter, &length) != NULL) {
        return 1;
    }
    if (login != LOGIN_KNOWN) {
        return login == LOGIN_UNKNOWN;
    }
    return gives(b->in->authentication->spec, parameter) ||
           (or_name != NULL && gives(b->in->authentication->spec, or_name));
}

/* ---- modes ---------------------------------------------------------------------------------- */

static const struct mode {
    const char *name;
    const char *needs[2]; /* parameters */
    const char *or_name;  /* another name of the first */
    int in_metadata;      /* the first may be in the metadata as well */
    int exclusive;
} modes[] = {
    {"apiKey", {"apiKey", NULL}, NULL, 1, 0},
    {"basic", {"username", NULL}, NULL, 0, 1},
    {"tls", {"cert", "key"}, NULL, 0, 0},
    {"bearer", {"bearerToken", NULL}, "token", 0, 1},
    {"custom", {"customAuthHeader", "customAuthValue"}, NULL, 0, 0},
    {"oauth", {"oauthTokenURI", "clientID"}, NULL, 0, 1},
};

static int contains(const char *text, size_t length, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i + n <= length; i++) {
        if (memcmp(text + i, word, n) == 0) {
            return 1; /* they are known words, and none is part of another */
        }
    }
    return 0;
}

/* What a mode lacks. */
static void check_needs(struct weir__trigger_build *b, const char *key, const struct mode *mode)
{
    struct weir__message m;

    for (size_t i = 0; i < WEIR__COUNT(mode->needs) && mode->needs[i] != NULL; i++) {
        if (has(b, mode->needs[i], i == 0 ? mode->or_name : NULL, i == 0 && mode->in_metadata)) {
            continue;
        }
        weir__message_clear(&m);
        weir__message_add(&m, mode->name);
        weir__message_add(&m, " needs ");
        weir__message_add(&m, mode->needs[i]);
        if (b->in->authentication == NULL) {
            weir__message_add(&m, " from an authenticationRef, and there is none");
        } else {
            weir__message_add(&m, ", which ");
            weir__message_add(&m, weir__keda_text(&b->in->authentication->kind)[0] != '\0'
                                      ? b->in->authentication->kind.text
                                      : "TriggerAuthentication");
            weir__message_add(&m, " ");
            weir__message_add(&m, weir__keda_text(&b->in->authentication->name));
            weir__message_add(&m, " does not give");
        }
        weir__metadata_say(b->c, b->in, key, WEIR_PROBLEM_ERROR, WEIR_STAGE_BUILD, &m);
    }
}

static void check_allowed(struct weir__trigger_build *b, const char *key, const struct mode *mode,
                          const char *allowed)
{
    struct weir__message m;

    if (allowed == NULL || contains(allowed, strlen(allowed), mode->name)) {
        return;
    }
    weir__message_clear(&m);
    weir__message_add(&m, mode->name);
    weir__message_add(&m, " is no mode that a trigger of type ");
    weir__message_add(&m, weir__keda_text(&b->in->type));
    weir__message_add(&m, " can use: it has ");
    for (; *allowed != '\0'; allowed++) {
        char letter[2] = {*allowed, '\0'};

        weir__message_add(&m, *allowed == '|' ? ", " : letter);
    }
    weir__metadata_say(b->c, b->in, key, WEIR_PROBLEM_ERROR, WEIR_STAGE_BUILD, &m);
}

/* A pod's identity logs in by itself. */
static void check_identity(struct weir__trigger_build *b, const char *key)
{
    const struct weir__node *identity, *provider;

    if (login_of(b) == LOGIN_NONE) {
        return;
    }
    identity = weir__node_get(b->in->authentication->spec, "podIdentity");
    provider = weir__node_get(identity, "provider");
    if (provider != NULL && provider->type == WEIR__NODE_STRING && provider->length > 0 &&
        !weir__node_is(provider, "none")) {
        weir__metadata_error(b->c, b->in, key, WEIR_STAGE_BUILD,
                             "must not be set together with the podIdentity of the "
                             "TriggerAuthentication");
    }
}

void weir__login_check(struct weir__trigger_build *b, const struct weir__argument *modes_arg,
                       const struct weir__argument *mode_arg, const char *allowed)
{
    const struct weir__argument *words = modes_arg->is_set ? modes_arg : mode_arg;
    const char *key = modes_arg->is_set ? "authModes" : "authMode";
    int exclusive = 0;

    if (!words->is_set) {
        return;
    }
    for (size_t i = 0; i < WEIR__COUNT(modes); i++) {
        if (contains(words->text, words->length, modes[i].name)) {
            exclusive += modes[i].exclusive;
            check_allowed(b, key, &modes[i], allowed);
            check_needs(b, key, &modes[i]);
        }
    }
    if (exclusive > 1) {
        weir__metadata_error(b->c, b->in, key, WEIR_STAGE_BUILD,
                             "must name only one of basic, bearer and oauth");
    }
    if (allowed == NULL) {
        check_identity(b, key);
    }
}
