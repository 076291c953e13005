/*
 * scaler/yaml.c - a value of a YAML document at a path of names and indexes.
 *
 * Plain scalars are what gopkg.in/yaml.v3 takes them for. A path ends at the first scalar, whatever
 * stands behind it.
 *
 * Upstream: KEDA pkg/util/value_by_path.go.
 */
#include "readers.h"

#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>

enum { HOPS_MAX = 64 }; /* aliases of aliases, merges of merges */

/* ---- scalars -------------------------------------------------------------------------------- */

enum kind { KIND_NONE, KIND_NUMBER, KIND_TEXT }; /* anything else is KIND_NONE */

static int is_one_of(struct text text, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (text_is(text, words[i])) {
            return 1;
        }
    }
    return 0;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : 99;
}

/* A whole number with its base as a prefix. 1: it fits an int64; 2: it needs 64 bits without a
 * sign; 0: it is none. */
static int read_whole(struct text text, double *value)
{
    size_t i = text.length > 0 && (text.at[0] == '-' || text.at[0] == '+');
    int negative = i > 0 && text.at[0] == '-', base = 10;
    uint64_t n = 0, most;

    if (i < text.length && text.at[i] == '0' && i + 1 < text.length) {
        char letter = (char)(text.at[i + 1] | 0x20);

        base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
        i += letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1;
    }
    if (i == text.length) {
        return 0;
    }
    for (; i < text.length; i++) {
        int digit = digit_of(text.at[i]);

        if (digit >= base || n > (UINT64_MAX - (uint64_t)digit) / (uint64_t)base) {
            return 0;
        }
        n = n * (uint64_t)base + (uint64_t)digit;
    }
    most = (uint64_t)INT64_MAX + (uint64_t)negative;
    if (n > most) {
        return negative || text.at[0] == '+' ? 0 : 2;
    }
    *value = negative ? -(double)n : (double)n;
    return 1;
}

/* Digits with a point and an exponent, as a regular expression of the decoder has them. */
static int looks_real(struct text text)
{
    size_t i = text.length > 0 && (text.at[0] == '-' || text.at[0] == '+'), before, after = 0;

    for (before = i; i < text.length && digit_of(text.at[i]) < 10; i++) {
    }
    before = i - before;
    if (i < text.length && text.at[i] == '.') {
        for (after = ++i; i < text.length && digit_of(text.at[i]) < 10; i++) {
        }
        after = i - after;
    }
    if (before + after == 0) {
        return 0;
    }
    if (i < text.length && (text.at[i] | 0x20) == 'e') {
        i++;
        i += i < text.length && (text.at[i] == '-' || text.at[i] == '+');
        if (i == text.length) {
            return 0;
        }
        while (i < text.length && digit_of(text.at[i]) < 10) {
            i++;
        }
    }
    return i == text.length;
}

/* "2026-1-2" and what may follow: a time, which is no value. */
static int is_time(struct text text)
{
    size_t i = 5;

    for (size_t k = 0; k < 4; k++) {
        if (k >= text.length || digit_of(text.at[k]) > 9) {
            return 0;
        }
    }
    if (text.length < 8 || text.at[4] != '-') {
        return 0;
    }
    for (int part = 0; part < 2; part++) {
        size_t from = i;

        while (i < text.length && i - from < 2 && digit_of(text.at[i]) < 10) {
            i++;
        }
        if (i == from || (part == 0 && (i == text.length || text.at[i++] != '-'))) {
            return 0;
        }
    }
    return i == text.length || strchr("tT ", text.at[i]) != NULL;
}

static enum kind read_number(struct text text, double *value)
{
    char plain[512];
    struct text without = {plain, 0};

    if (is_time(text)) {
        return KIND_NONE;
    }
    for (size_t i = 0; i < text.length; i++) {
        if (without.length == sizeof plain) {
            return KIND_TEXT;
        }
        plain[without.length] = text.at[i];
        without.length += text.at[i] != '_';
    }
    switch (read_whole(without, value)) {
    case 1: return KIND_NUMBER;
    case 2: return KIND_NONE; /* a type of Go's that KEDA does not look for */
    default: break;
    }
    return looks_real(without) && weir_f64_parse(plain, without.length, value) == WEIR_OK
               ? KIND_NUMBER
               : KIND_TEXT;
}

static enum kind resolve(struct text text, double *value)
{
    static const char *const others[] = {"true", "True", "TRUE", "false", "False", "FALSE", "",
                                         "~",    "null", "Null", "NULL",  "<<",    NULL};
    static const char *const above[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", NULL};
    static const char *const below[] = {"-.inf", "-.Inf", "-.INF", NULL};
    static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};

    if (is_one_of(text, others)) {
        return KIND_NONE;
    }
    if (is_one_of(text, above) || is_one_of(text, below) || is_one_of(text, nans)) {
        weir_f64_parse(is_one_of(text, nans) ? "nan" : "inf", 3, value);
        *value = is_one_of(text, below) ? -*value : *value;
        return KIND_NUMBER;
    }
    if (text.at[0] == '.') {
        return weir_f64_parse(text.at, text.length, value) == WEIR_OK ? KIND_NUMBER : KIND_TEXT;
    }
    return digit_of(text.at[0]) < 10 || text.at[0] == '-' || text.at[0] == '+'
               ? read_number(text, value)
               : KIND_TEXT;
}

static struct text scalar_text(struct fy_node *node)
{
    struct text text = {"", 0};
    const char *at = fy_node_get_scalar(node, &text.length);

    text.at = at != NULL ? at : "";
    text.length = at != NULL ? text.length : 0;
    return text;
}

static weir_status scalar_value(const struct question *q, struct fy_node *node, double *value)
{
    static const char prefix[] = "tag:yaml.org,2002:";
    struct text text = scalar_text(node), tag = {"", 0};
    const char *name = fy_node_get_tag(node, &tag.length);
    enum kind kind = fy_node_get_style(node) == FYNS_PLAIN ? resolve(text, value) : KIND_TEXT;

    if (name != NULL) {
        tag.at = name;
        if (tag.length > sizeof prefix - 1 && memcmp(name, prefix, sizeof prefix - 1) == 0) {
            tag = (struct text){name + sizeof prefix - 1, tag.length - (sizeof prefix - 1)};
        }
        if (text_is(tag, "str")) {
            kind = KIND_TEXT;
        } else if (text_is(tag, "int") || text_is(tag, "float")) {
            kind = resolve(text, value);
            kind = kind == KIND_TEXT ? KIND_NONE : kind;
        } else {
            kind = KIND_NONE;
        }
    }
    if (kind == KIND_NUMBER) {
        return WEIR_OK;
    }
    if (kind == KIND_TEXT) {
        return weir__sc_quantity(q, text, value);
    }
    return weir__sc_refuse(q, WEIR_E_PARSE,
                           "expected a number or a quantity, got another kind of value");
}

/* ---- the path ------------------------------------------------------------------------------- */

/* What an alias stands for. */
static struct fy_node *behind(struct fy_document *document, struct fy_node *node)
{
    for (int hops = 0; node != NULL && fy_node_is_alias(node); hops++) {
        struct text name = scalar_text(node);
        struct fy_anchor *anchor = fy_document_lookup_anchor(document, name.at, name.length);

        node = anchor != NULL && hops < HOPS_MAX ? fy_anchor_node(anchor) : NULL;
    }
    return node;
}

/* A key as KEDA prints it: of a map with keys that are no texts, numbers in their own form. */
static int is_key(struct fy_node *key, struct text wanted, int is_root)
{
    struct text text;
    char digits[32];
    double number;
    size_t n;

    if (key == NULL || !fy_node_is_scalar(key)) {
        return 0;
    }
    text = scalar_text(key);
    if (!is_root && fy_node_get_style(key) == FYNS_PLAIN && resolve(text, &number) == KIND_NUMBER &&
        number == (double)(int64_t)number && number > -1e15 && number < 1e15) {
        n = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)number);
        text = (struct text){digits, n};
    }
    return text.length == wanted.length && memcmp(text.at, wanted.at, wanted.length) == 0;
}

static struct fy_node *look_up(struct fy_document *document, struct fy_node *map, struct text name,
                               int is_root, int hops);

/* Into what is merged: a map, or a list of maps of which the first counts. */
static struct fy_node *look_into(struct fy_document *document, struct fy_node *merged,
                                 struct text name, int hops)
{
    struct fy_node *found = NULL, *item;

    merged = behind(document, merged);
    if (merged == NULL || hops == HOPS_MAX) {
        return NULL;
    }
    if (fy_node_is_mapping(merged)) {
        return look_up(document, merged, name, 0, hops + 1);
    }
    for (int i = 0; fy_node_is_sequence(merged) && found == NULL &&
                    (item = fy_node_sequence_get_by_index(merged, i)) != NULL;
         i++) {
        item = behind(document, item);
        found = item != NULL && fy_node_is_mapping(item)
                    ? look_up(document, item, name, 0, hops + 1)
                    : NULL;
    }
    return found;
}

static struct fy_node *look_up(struct fy_document *document, struct fy_node *map, struct text name,
                               int is_root, int hops)
{
    struct fy_node *found = NULL;
    struct fy_node_pair *pair;
    void *at = NULL;

    while ((pair = fy_node_mapping_iterate(map, &at)) != NULL) {
        if (is_key(fy_node_pair_key(pair), name, is_root)) {
            return fy_node_pair_value(pair);
        }
    }
    at = NULL;
    while (found == NULL && (pair = fy_node_mapping_iterate(map, &at)) != NULL) {
        struct fy_node *key = fy_node_pair_key(pair);

        if (key != NULL && fy_node_is_scalar(key) && fy_node_get_style(key) == FYNS_PLAIN &&
            text_is(scalar_text(key), "<<")) {
            found = look_into(document, fy_node_pair_value(pair), name, hops);
        }
    }
    return found;
}

static struct fy_node *item_of(struct fy_node *list, struct text name)
{
    long index = 0;

    for (size_t i = 0; i < name.length; i++) {
        if (name.at[i] < '0' || name.at[i] > '9' || index > 100000000 ||
            (i > 0 && name.at[0] == '0')) {
            return NULL;
        }
        index = index * 10 + (name.at[i] - '0');
    }
    return name.length > 0 ? fy_node_sequence_get_by_index(list, (int)index) : NULL;
}

static weir_status follow(const struct question *q, struct fy_document *document, double *value)
{
    struct fy_node *node = behind(document, fy_document_root(document));
    struct text rest = q->location;
    int is_root = 1, more = 1;

    if (node != NULL && !fy_node_is_mapping(node)) {
        return weir__sc_error(q->err, WEIR_E_PARSE, "expected a map of YAML");
    }
    while (more && node != NULL) {
        const char *dot = memchr(rest.at, '.', rest.length);
        struct text name = {rest.at, dot != NULL ? (size_t)(dot - rest.at) : rest.length};

        node = fy_node_is_mapping(node) ? look_up(document, node, name, is_root, 0)
                                        : item_of(node, name);
        if (node == NULL) {
            break;
        }
        node = behind(document, node);
        if (node == NULL || fy_node_is_scalar(node)) {
            return node != NULL ? scalar_value(q, node, value)
                                : weir__sc_refuse(q, WEIR_E_PARSE, "an alias without an anchor");
        }
        is_root = 0;
        more = dot != NULL;
        rest = more ? (struct text){dot + 1, rest.length - name.length - 1} : rest;
    }
    return weir__sc_refuse(q, WEIR_E_PARSE,
                           node == NULL ? "expected a number or a quantity, got nothing"
                                        : "expected a number or a quantity, got a list or a map");
}

weir_status weir__sc_read_yaml(const struct question *q, double *value)
{
    struct fy_diag_cfg quiet;
    struct fy_parse_cfg config;
    struct fy_document *document = NULL;
    weir_status status = WEIR_OK;

    fy_diag_cfg_default(&quiet);
    quiet.fp = NULL; /* errors are not printed */
    memset(&config, 0, sizeof config);
    config.flags = FYPCF_QUIET | FYPCF_JSON_NONE;
    config.diag = fy_diag_create(&quiet);
    if (config.diag != NULL) {
        document = fy_document_build_from_string(&config, q->body.at, q->body.length);
    }
    if (config.diag == NULL) {
        status = weir__sc_error(q->err, WEIR_E_MEMORY, "out of memory");
    } else if (document == NULL) {
        status = weir__sc_error(q->err, WEIR_E_PARSE, "the answer is no YAML");
    } else {
        status = follow(q, document, value);
    }
    fy_document_destroy(document);
    if (config.diag != NULL) {
        fy_diag_destroy(config.diag);
    }
    return status;
}
