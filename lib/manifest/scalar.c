/*
 * manifest/scalar.c - what a plain scalar is, as the API server's decoder says.
 *
 * sigs.k8s.io/yaml reads the scalars of YAML 1.1 in the dialect of Go's yaml.v2: "on" and "y" are
 * switches, "0o17", "017" and "0x_f" are integers, "1e2" is a number, "12:30" and dates are text.
 */
#include "scalar.h"
#include "go_syntax.h"

#include <math.h>
#include <string.h>

/* Longer text is no number that anybody means. */
enum { NUMBER_MAX = 1024 };

static int is_one_of(const struct weir__node *node, const char *const words[])
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strlen(words[i]) == node->length && memcmp(words[i], node->text, node->length) == 0) {
            return 1;
        }
    }
    return 0;
}

static int set_word(struct weir__node *node)
{
    static const char *const yes[] = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                      "True", "TRUE", "on",  "On",  "ON",  NULL};
    static const char *const no[] = {"n",     "N",     "no",  "No",  "NO",  "false",
                                     "False", "FALSE", "off", "Off", "OFF", NULL};
    static const char *const null[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const nan[] = {".nan", ".NaN", ".NAN", NULL};
    static const char *const above[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", NULL};
    static const char *const below[] = {"-.inf", "-.Inf", "-.INF", NULL};

    if (is_one_of(node, yes) || is_one_of(node, no)) {
        node->type = WEIR__NODE_BOOL;
        node->integer = is_one_of(node, yes);
    } else if (is_one_of(node, null)) {
        node->type = WEIR__NODE_NULL;
    } else if (is_one_of(node, nan) || is_one_of(node, above) || is_one_of(node, below)) {
        node->type = WEIR__NODE_FLOAT;
        node->number = is_one_of(node, nan)     ? (double)NAN
                       : is_one_of(node, below) ? -(double)INFINITY
                                                : (double)INFINITY;
    } else {
        return 0;
    }
    return 1;
}

/* [-+]? ( .digits | digits [ .digits? ] ) [ [eE] [-+]? digits ]: of what else ParseFloat reads,
 * the decoder makes text. */
static int looks_like_float(const char *text, size_t length)
{
    size_t i = length > 0 && (text[0] == '+' || text[0] == '-') ? 1 : 0;
    size_t whole = i, fraction;

    while (i < length && text[i] >= '0' && text[i] <= '9') {
        i++;
    }
    whole = i - whole;
    if (i < length && text[i] == '.') {
        i++;
    }
    fraction = i;
    while (i < length && text[i] >= '0' && text[i] <= '9') {
        i++;
    }
    if (whole == 0 && i == fraction) {
        return 0;
    }
    if (i < length && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        if (i < length && (text[i] == '+' || text[i] == '-')) {
            i++;
        }
        if (i == length) {
            return 0;
        }
        while (i < length && text[i] >= '0' && text[i] <= '9') {
            i++;
        }
    }
    return i == length;
}

static void set_float(struct weir__node *node, const char *text, size_t length)
{
    double number;

    if (weir__go_float(text, length, &number) == WEIR__GO_OK) {
        node->type = WEIR__NODE_FLOAT;
        node->number = number;
    }
}

static void set_integer(struct weir__node *node, int64_t integer)
{
    node->type = WEIR__NODE_INT;
    node->integer = integer;
    node->number = (double)integer;
}

static void set_number(struct weir__node *node)
{
    char plain[NUMBER_MAX] = {0};
    size_t length = 0;
    int64_t integer;
    uint64_t large;

    if (node->length > sizeof plain) {
        return;
    }
    for (size_t i = 0; i < node->length; i++) {
        if (node->text[i] != '_') {
            plain[length++] = node->text[i];
        }
    }
    if (weir__go_int(plain, length, 0, 64, &integer) == WEIR__GO_OK ||
        (length > 2 && memcmp(plain, "0b", 2) == 0 && /* the decoder reads 0b-1 too */
         weir__go_int(plain + 2, length - 2, 2, 64, &integer) == WEIR__GO_OK)) {
        set_integer(node, integer);
    } else if (weir__go_uint(plain, length, 0, UINT64_MAX, &large) == WEIR__GO_OK) {
        node->type = WEIR__NODE_FLOAT;
        node->number = (double)large;
    } else if (looks_like_float(plain, length)) {
        set_float(node, plain, length);
    }
}

void weir__scalar_resolve(struct weir__node *node)
{
    char first = node->text[0];

    node->type = WEIR__NODE_STRING;
    if (set_word(node)) {
        return;
    }
    if (first == '.') {
        set_float(node, node->text, node->length);
    } else if ((first >= '0' && first <= '9') || first == '+' || first == '-') {
        set_number(node);
    }
}

int weir__scalar_resolve_as(struct weir__node *node, const char *tag)
{
    static const struct {
        const char *tag;
        int32_t type;
    } tags[] = {
        {"tag:yaml.org,2002:bool", WEIR__NODE_BOOL},
        {"tag:yaml.org,2002:float", WEIR__NODE_FLOAT},
        {"tag:yaml.org,2002:int", WEIR__NODE_INT},
        {"tag:yaml.org,2002:null", WEIR__NODE_NULL},
    };

    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        if (strcmp(tags[i].tag, tag) == 0) {
            weir__scalar_resolve(node);
            if (node->type == WEIR__NODE_INT && tags[i].type == WEIR__NODE_FLOAT) {
                node->type = WEIR__NODE_FLOAT;
            }
            return node->type == tags[i].type;
        }
    }
    node->type = WEIR__NODE_STRING; /* !!str, and any tag that the decoder does not know */
    return 1;
}

int weir__scalar_number(struct weir__node *node)
{
    int64_t integer;

    if (weir__go_int(node->text, node->length, 10, 64, &integer) == WEIR__GO_OK) {
        set_integer(node, integer);
        return 1;
    }
    node->type = WEIR__NODE_FLOAT;
    return weir__go_float(node->text, node->length, &node->number) == WEIR__GO_OK;
}
