/*
 * manifest/schema.c - a document against tables of members; see schema.h.
 *
 * Upstream: k8s.io/apiextensions-apiserver pkg/apiserver/schema (pruning) and validation; Go's
 * encoding/json.
 */
#include "schema.h"
#include "grow.h"
#include "table.h"

#include <string.h>
#include <weir/quantity.h>

struct checking {
    int32_t definition;
    struct weir__path *path;
    struct weir__arena *arena;
    struct weir__problems *problems;
    struct weir__schema_result *result;
};

/* Who refuses a value. */
enum { BY_SCHEMA = 1, BY_DECODER = 2 };

static void refuse(struct checking *c, int by, int32_t cause, struct weir__mark mark,
                   const struct weir__message *m)
{
    if (c->definition == WEIR__SCHEMA_MINIMAL) {
        by &= ~BY_SCHEMA;
    }
    c->result->refused += (by & BY_SCHEMA) != 0;
    c->result->undecoded += (by & BY_DECODER) != 0;
    if (by != 0) {
        weir__field_problem(c->problems, cause, mark, c->path, m);
    }
}

static void refuse_got(struct checking *c, int by, int32_t cause, const struct weir__node *node,
                       struct weir__message *m)
{
    weir__message_add(m, ", got ");
    weir__node_describe(node, m);
    refuse(c, by, cause, node->mark, m);
}

static void refuse_type(struct checking *c, const char *wanted, const struct weir__node *node)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, wanted);
    refuse_got(c, BY_SCHEMA | BY_DECODER, WEIR_CAUSE_TYPE, node, &m);
}

/* ---- texts ---------------------------------------------------------------------------------- */

int weir__is_word(const char *words, const char *text)
{
    size_t length = strlen(text);

    for (;;) {
        size_t n = strcspn(words, "|");

        if (n == length && strncmp(words, text, n) == 0) {
            return 1;
        }
        if (words[n] == '\0') {
            return 0;
        }
        words += n + 1;
    }
}

static void say_words(const char *words, struct weir__message *m)
{
    char word[2] = "";

    weir__message_add(m, "must be one of ");
    for (; *words != '\0'; words++) {
        word[0] = *words;
        weir__message_add(m, *words == '|' ? ", " : word);
    }
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* digits (. digits)? */
static int is_decimal(const char *text)
{
    size_t n = digits(text);

    if (n > 0 && text[n] == '.') {
        text += n + 1;
        n = digits(text);
    }
    return n > 0 && text[n] == '\0';
}

/* digits (. digits*)? or . digits; returns its length, 0 for none. */
static size_t number_length(const char *text)
{
    size_t n = digits(text);

    if (n > 0) {
        return text[n] == '.' ? n + 1 + digits(text + n + 1) : n;
    }
    n = text[0] == '.' ? digits(text + 1) : 0;
    return n > 0 ? n + 1 : 0;
}

/* The pattern of quantities in schemas: a sign, a number, a suffix. */
static int is_quantity(const char *text)
{
    size_t n;

    text += *text == '+' || *text == '-';
    n = number_length(text);
    text += n;
    if (n == 0 || text[0] == '\0') {
        return n > 0;
    }
    if (strchr("KMGTPE", text[0]) != NULL && strcmp(text + 1, "i") == 0) {
        return 1;
    }
    if (strchr("numkMGTPE", text[0]) != NULL && text[1] == '\0') {
        return 1;
    }
    if (text[0] != 'e' && text[0] != 'E') {
        return 0;
    }
    text += 1 + (text[1] == '+' || text[1] == '-');
    n = number_length(text);
    return n > 0 && text[n] == '\0';
}

static void check_text(struct checking *c, const struct weir__rule *rule,
                       const struct weir__node *node)
{
    struct weir__message m;

    weir__message_clear(&m);
    if (node->type != WEIR__NODE_STRING) {
        if (node->text != NULL) {
            weir__message_add(&m, "must be text: write ");
            weir__message_quote(&m, node->text, node->length);
            weir__message_add(&m, " in quotes");
            refuse(c, BY_SCHEMA | BY_DECODER, WEIR_CAUSE_TYPE, node->mark, &m);
        } else {
            refuse_type(c, "must be text", node);
        }
    } else if (rule->words != NULL && !weir__is_word(rule->words, node->text)) {
        say_words(rule->words, &m);
        refuse_got(c, BY_SCHEMA, WEIR_CAUSE_NOT_SUPPORTED, node, &m);
    } else if ((rule->flags & WEIR__RULE_DECIMAL) != 0 && !is_decimal(node->text)) {
        weir__message_add(&m, "must be a plain number such as \"10\" or \"0.5\"");
        refuse_got(c, BY_SCHEMA, WEIR_CAUSE_INVALID, node, &m);
    } else if ((rule->flags & WEIR__RULE_NOT_EMPTY) != 0 && node->length == 0) {
        weir__message_add(&m, "must not be empty");
        refuse(c, BY_SCHEMA, WEIR_CAUSE_INVALID, node->mark, &m);
    }
}

/* ---- numbers -------------------------------------------------------------------------------- */

static void check_range(struct checking *c, const struct weir__rule *rule,
                        const struct weir__node *node, int64_t value)
{
    int low = (rule->flags & WEIR__RULE_AT_LEAST) != 0 && value < rule->least;
    int high = (rule->flags & WEIR__RULE_AT_MOST) != 0 && value > rule->most;
    struct weir__message m;

    if (low || high) {
        weir__message_clear(&m);
        weir__message_add(&m, low ? "must be at least " : "must be at most ");
        weir__message_int(&m, low ? rule->least : rule->most);
        refuse_got(c, BY_SCHEMA, WEIR_CAUSE_INVALID, node, &m);
    }
}

static void check_int(struct checking *c, const struct weir__rule *rule,
                      const struct weir__node *node)
{
    int is_short = rule->type == WEIR__RULE_INT32;
    int64_t value;
    struct weir__message m;

    if (!weir__node_whole(node, &value)) {
        refuse_type(c, is_short ? "must be a whole number of 32 bits" : "must be a whole number",
                    node);
    } else if (is_short && (value < INT32_MIN || value > INT32_MAX)) {
        weir__message_clear(&m); /* schemas do not look at the size */
        weir__message_add(&m, "must be a whole number of 32 bits");
        refuse_got(c, BY_DECODER, WEIR_CAUSE_TYPE, node, &m);
    } else {
        check_range(c, rule, node, value);
    }
}

/* The decoder does not mind spaces around it. */
static int decodes(const struct weir__node *node)
{
    const char *text = node->text;
    size_t length = node->length;
    weir_quantity q;

    for (; length > 0 && (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')); length--) {
        text++;
    }
    while (length > 0 &&
           (text[length - 1] == ' ' || (text[length - 1] >= '\t' && text[length - 1] <= '\r'))) {
        length--;
    }
    return weir_quantity_parse(text, length, &q, NULL) == WEIR_OK;
}

static void check_quantity(struct checking *c, const struct weir__node *node)
{
    int by = 0;
    int64_t whole;
    struct weir__message m;

    if (node->type == WEIR__NODE_STRING) {
        by |= is_quantity(node->text) ? 0 : BY_SCHEMA;
        by |= decodes(node) ? 0 : BY_DECODER;
    } else if (!weir__node_whole(node, &whole)) {
        by = BY_SCHEMA | BY_DECODER;
    }
    if (by != 0) {
        weir__message_clear(&m);
        weir__message_add(&m, node->type == WEIR__NODE_FLOAT
                                  ? "must be a whole number, or a quantity in quotes"
                                  : "must be a quantity such as 5, \"0.5\", 500m or 2Gi");
        refuse_got(c, by, WEIR_CAUSE_TYPE, node, &m);
    }
}

/* ---- collections ---------------------------------------------------------------------------- */

static void check_members(struct checking *c, const struct weir__rule *rules, int open,
                          const struct weir__node *node);

static void note_dropped(struct checking *c)
{
    struct weir__schema_result *r = c->result;
    size_t room = r->dropped_room > 0 ? 2 * r->dropped_room : 8;
    const char **list = r->dropped;

    if (r->dropped_count == r->dropped_room) {
        list = weir__arena_take(c->arena, room * sizeof *list);
        if (list == NULL) {
            c->problems->out_of_memory = 1;
            return;
        }
        if (r->dropped_count > 0) {
            memcpy(list, r->dropped, r->dropped_count * sizeof *list);
        }
        r->dropped = list;
        r->dropped_room = room;
    }
    list[r->dropped_count] = weir__arena_text(c->arena, c->path->text, strlen(c->path->text));
    if (list[r->dropped_count] == NULL) {
        c->problems->out_of_memory = 1;
        return;
    }
    r->dropped_count++;
}

static void drop(struct checking *c, const struct weir__rule *rules, const struct weir__entry *e)
{
    enum { NAMES_MAX = 96 };
    const char *names[NAMES_MAX], *near;
    size_t count = 0, length = c->path->length;
    struct weir__message m;

    for (; rules[count].key != NULL && count < NAMES_MAX; count++) {
        names[count] = rules[count].key;
    }
    near = weir_nearest_name(e->key, names, count);
    weir__path_key(c->path, e->key, e->key_length);
    note_dropped(c);
    weir__message_clear(&m);
    weir__message_add(&m, "is no field here: the API server drops it without a word");
    if (near != NULL) {
        weir__message_add(&m, "; did you mean ");
        weir__message_add(&m, near);
    }
    weir__problem(c->problems, WEIR_PROBLEM_WARNING, WEIR_OK, e->mark, c->path->text, m.text);
    weir__path_cut(c->path, length);
}

static void check_items(struct checking *c, const struct weir__rule *rule,
                        const struct weir__node *node)
{
    static const struct weir__rule item = {"", WEIR__RULE_TEXT, 0, NULL, NULL, 0, 0};
    size_t index = 0;
    struct weir__message m;

    if (node->type != WEIR__NODE_SEQUENCE) {
        refuse_type(c, "must be a list", node);
        return;
    }
    if ((rule->flags & WEIR__RULE_AT_LEAST) != 0 && (int64_t)node->count < rule->least) {
        weir__message_clear(&m);
        weir__message_add(&m, "must have at least one item");
        refuse(c, BY_SCHEMA, WEIR_CAUSE_INVALID, node->mark, &m);
    }
    for (const struct weir__entry *e = node->first; e != NULL; e = e->next) {
        size_t length = c->path->length;

        weir__path_index(c->path, index++);
        if (rule->type == WEIR__RULE_TEXTS) {
            check_text(c, &item, e->value);
        } else if (rule->members != NULL) {
            check_members(c, rule->members, rule->flags & WEIR__RULE_OPEN, e->value);
        }
        weir__path_cut(c->path, length);
    }
}

static void check_pairs(struct checking *c, const struct weir__node *node)
{
    static const struct weir__rule pair = {"", WEIR__RULE_TEXT, 0, NULL, NULL, 0, 0};

    if (node->type != WEIR__NODE_MAPPING) {
        refuse_type(c, "must be a mapping", node);
        return;
    }
    for (const struct weir__entry *e = node->first; e != NULL; e = e->next) {
        size_t length = c->path->length;

        weir__path_key(c->path, e->key, e->key_length);
        if (e->value->type != WEIR__NODE_NULL) {
            check_text(c, &pair, e->value);
        }
        weir__path_cut(c->path, length);
    }
}

static void check_bool(struct checking *c, const struct weir__node *node)
{
    if (node->type != WEIR__NODE_BOOL) {
        refuse_type(c, "must be true or false", node);
    }
}

static void check_value(struct checking *c, const struct weir__rule *rule,
                        const struct weir__node *node)
{
    switch (rule->type) {
    case WEIR__RULE_TEXT: check_text(c, rule, node); break;
    case WEIR__RULE_INT32:
    case WEIR__RULE_INT64: check_int(c, rule, node); break;
    case WEIR__RULE_BOOL: check_bool(c, node); break;
    case WEIR__RULE_QUANTITY: check_quantity(c, node); break;
    case WEIR__RULE_MAPPING:
        check_members(c, rule->members, rule->flags & WEIR__RULE_OPEN, node);
        break;
    case WEIR__RULE_LIST:
    case WEIR__RULE_TEXTS: check_items(c, rule, node); break;
    case WEIR__RULE_PAIRS: check_pairs(c, node); break;
    default: break;
    }
}

static void check_required(struct checking *c, const struct weir__rule *rules,
                           const struct weir__node *node)
{
    size_t length = c->path->length;
    struct weir__message m;

    for (const struct weir__rule *rule = rules; rule->key != NULL; rule++) {
        if ((rule->flags & WEIR__RULE_REQUIRED) != 0 && weir__node_at(node, rule->key) == NULL) {
            weir__message_clear(&m);
            weir__message_add(&m, "is missing");
            weir__path_key(c->path, rule->key, strlen(rule->key));
            refuse(c, BY_SCHEMA, WEIR_CAUSE_REQUIRED, node->mark, &m);
            weir__path_cut(c->path, length);
        }
    }
}

static void check_members(struct checking *c, const struct weir__rule *rules, int open,
                          const struct weir__node *node)
{
    if (node->type != WEIR__NODE_MAPPING) {
        refuse_type(c, "must be a mapping", node);
        return;
    }
    for (const struct weir__entry *e = node->first; rules != NULL && e != NULL; e = e->next) {
        const struct weir__rule *rule = rules;
        size_t length = c->path->length;

        while (rule->key != NULL && strcmp(rule->key, e->key) != 0) {
            rule++;
        }
        if (rule->key != NULL && e->value->type != WEIR__NODE_NULL) {
            weir__path_key(c->path, e->key, e->key_length);
            check_value(c, rule, e->value);
            weir__path_cut(c->path, length);
        } else if (rule->key == NULL && !open && c->definition == WEIR__SCHEMA_FULL) {
            drop(c, rules, e);
        }
    }
    if (rules != NULL) {
        check_required(c, rules, node);
    }
}

void weir__schema_check(const struct weir__rule *rules, int32_t definition,
                        const struct weir__node *node, struct weir__path *path,
                        struct weir__arena *arena, struct weir__problems *problems,
                        struct weir__schema_result *result)
{
    struct checking c = {definition, path, arena, problems, result};

    memset(result, 0, sizeof *result);
    check_members(&c, rules, 0, node);
}
