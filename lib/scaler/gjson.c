/*
 * scaler/gjson.c - walks JSON that nobody checked as GJSON walks it: by what begins a value, with
 * all other bytes passed over, so that much that is no JSON has a value all the same.
 *
 * Upstream: github.com/tidwall/gjson 1.19, Get().
 */
#include "gjson.h"

#include <stdlib.h>

/* The walk over one document. */
struct walk {
    struct gjson_query *q;
    struct text json;
    struct gjson value;
    int piped;
    struct text pipe;
};

/* A list that is put together: "[a,b". */
struct list {
    struct gjson_query *q;
    char *at;
    size_t length, room;
};

static const struct gjson nothing = {GJSON_NULL, {"", 0}, 0.0};

static struct text slice(struct text text, size_t first, size_t end)
{
    return (struct text){text.at + first, end - first};
}

static void fail(struct gjson_query *q, weir_status status, const char *problem)
{
    if (q->status == WEIR_OK) {
        q->status = status;
        q->problem = problem;
    }
}

/* ---- lists that are put together ------------------------------------------------------------ */

struct block {
    struct block *next;
    char bytes[];
};

static void *take(struct gjson_query *q, size_t size)
{
    struct block *block = malloc(sizeof *block + size);

    if (block == NULL) {
        fail(q, WEIR_E_MEMORY, "out of memory");
        return NULL;
    }
    block->next = q->memory;
    q->memory = block;
    return block->bytes;
}

void weir__sc_gjson_free(struct gjson_query *q)
{
    while (q->memory != NULL) {
        struct block *block = q->memory;

        q->memory = block->next;
        free(block);
    }
}

/* What a document yields is no longer than it; `json` says how much that can be. */
static void begin_list(struct list *list, struct gjson_query *q, struct text json)
{
    list->q = q;
    list->room = 2 * json.length + 4;
    list->at = take(q, list->room);
    list->length = 0;
}

static void put(struct list *list, struct text text)
{
    if (list->at == NULL || text.length + 2 > list->room - list->length) {
        fail(list->q, WEIR_E_LIMIT, "its list is longer than the document");
        return;
    }
    list->at[list->length] = list->length == 0 ? '[' : ',';
    memcpy(list->at + list->length + 1, text.at, text.length);
    list->length += text.length + 1;
}

static struct gjson end_list(struct list *list)
{
    struct gjson value = {GJSON_OTHER, {"[]", 2}, 0.0};

    if (list->at != NULL && list->length > 0 && list->length < list->room) {
        list->at[list->length] = ']';
        value.raw = (struct text){list->at, list->length + 1};
    }
    return value;
}

/* ---- values --------------------------------------------------------------------------------- */

static struct gjson number_of(struct text raw)
{
    struct gjson value = {GJSON_NUMBER, raw, 0.0};

    weir_f64_parse(raw.at, raw.length, &value.number); /* 0 where it is none */
    return value;
}

static size_t number_end(struct text json, size_t i)
{
    for (i++; i < json.length; i++) {
        char c = json.at[i];

        if ((unsigned char)c <= ' ' || c == ',' || c == ']' || c == '}') {
            break;
        }
    }
    return i;
}

static size_t word_end(struct text json, size_t i)
{
    for (i++; i < json.length && json.at[i] >= 'a' && json.at[i] <= 'z'; i++) {
    }
    return i;
}

/* What begins at a byte. */
enum start { START_NOTHING, START_TEXT, START_OBJECT, START_LIST, START_WORD, START_NUMBER };

static enum start start_of(struct text json, size_t i)
{
    switch (json.at[i]) {
    case '"': return START_TEXT;
    case '{': return START_OBJECT;
    case '[': return START_LIST;
    case 't':
    case 'f': return START_WORD;
    case 'n':
        return i + 1 < json.length && json.at[i + 1] != 'u' ? START_NUMBER : START_WORD; /* nan */
    case '+':
    case '-':
    case 'i':
    case 'I':
    case 'N': return START_NUMBER;
    default: return json.at[i] >= '0' && json.at[i] <= '9' ? START_NUMBER : START_NOTHING;
    }
}

/* The value that begins at *i, which goes behind it. 0: a text without an end. */
static int take_value(struct text json, enum start start, size_t *i, struct gjson *out)
{
    size_t first = *i;

    *out = nothing;
    switch (start) {
    case START_TEXT:
        *i = weir__sc_gjson_text_end(json, first);
        out->type = GJSON_TEXT;
        break;
    case START_OBJECT:
    case START_LIST:
        *i = weir__sc_gjson_squash(json, first);
        out->type = GJSON_OTHER;
        break;
    case START_WORD:
        *i = word_end(json, first);
        out->type = json.at[first] == 't'   ? GJSON_TRUE
                    : json.at[first] == 'f' ? GJSON_FALSE
                                            : GJSON_NULL;
        break;
    default:
        *i = number_end(json, first);
        *out = number_of(slice(json, first, *i));
        return 1;
    }
    if (*i == 0) {
        *i = json.length;
        return 0;
    }
    out->raw = slice(json, first, *i);
    return 1;
}

/* The first value of a text, as for what is no path: with all that is behind an opening bracket. */
static struct gjson first_value(struct text json)
{
    struct gjson value = nothing;
    size_t i = 0;

    while (i < json.length && (unsigned char)json.at[i] <= ' ') {
        i++;
    }
    if (i == json.length || start_of(json, i) == START_NOTHING) {
        return value;
    }
    if (json.at[i] == '{' || json.at[i] == '[') {
        value.type = GJSON_OTHER;
        value.raw = slice(json, i, json.length);
    } else if (!take_value(json, start_of(json, i), &i, &value)) {
        value = nothing;
    }
    return value;
}

static int exists(const struct gjson *value)
{
    return value->type != GJSON_NULL || value->raw.length > 0;
}

/* ---- queries: #(path op value) -------------------------------------------------------------- */

static int compare_texts(struct text a, struct text b)
{
    size_t n = a.length < b.length ? a.length : b.length;
    int order = n > 0 ? memcmp(a.at, b.at, n) : 0;

    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* Whether an order, of which one side is below, equal or above the other, is what `op` says. */
static int holds(struct text op, int below, int equal, int above)
{
    return text_is(op, "=")    ? equal
           : text_is(op, "!=") ? !equal
           : text_is(op, "<")  ? below
           : text_is(op, "<=") ? below || equal
           : text_is(op, ">")  ? above
           : text_is(op, ">=") ? above || equal
                               : 0;
}

/* A text as it is written, its escapes resolved. */
static struct text unescaped(struct gjson_query *q, struct text raw)
{
    char *characters;

    if (raw.length == 0 || memchr(raw.at, '\\', raw.length) == NULL) {
        return raw;
    }
    characters = take(q, raw.length + 4);
    if (characters == NULL) {
        return (struct text){"", 0};
    }
    return (struct text){characters, weir__sc_gjson_unescape(raw, characters, raw.length + 4)};
}

static int text_holds(struct gjson_query *q, struct text op, struct text raw, struct text wanted)
{
    struct text text = unescaped(q, slice(raw, 1, raw.length - 1));
    int order = compare_texts(text, wanted), matches;

    if (text_is(op, "%") || text_is(op, "!%")) {
        matches = weir__sc_gjson_matches(text, wanted);
        return op.length == 1 ? matches : !matches;
    }
    return holds(op, order<0, order == 0, order> 0);
}

static int query_holds(struct gjson_query *q, const struct gjson_place *place,
                       const struct gjson *value)
{
    struct text wanted = place->value;
    int is_true = text_is(wanted, "true"), is_false = text_is(wanted, "false");
    double number;

    if (wanted.length > 0 && wanted.at[0] == '~') {
        fail(q, WEIR_E_UNSUPPORTED, "weir does not do ~ in queries");
        return 0;
    }
    if (!exists(value) || place->op.length == 0) {
        return exists(value);
    }
    if (wanted.length >= 2 && wanted.at[0] == '"' && wanted.at[wanted.length - 1] == '"') {
        wanted = unescaped(q, slice(wanted, 1, wanted.length - 1));
    }
    switch (value->type) {
    case GJSON_TEXT: return text_holds(q, place->op, value->raw, wanted);
    case GJSON_NUMBER:
        weir_f64_parse(wanted.at, wanted.length, &number);
        return holds(place->op,
                     value->number<number, value->number == number, value->number> number);
    case GJSON_TRUE: return text_is(place->op, ">=") || holds(place->op, 0, is_true, is_false);
    case GJSON_FALSE: return text_is(place->op, "<=") || holds(place->op, is_true, is_false, 0);
    default: return 0;
    }
}

/* One element against a query; 1: it is the one that is looked for. */
static int ask_element(struct walk *w, struct gjson_place *place, const struct gjson *element,
                       struct list *found)
{
    struct gjson value = *element;
    struct text left, right;

    if (element->type == GJSON_OTHER) {
        value = weir__sc_gjson_get(w->q, element->raw, place->query_path);
    } else if (place->query_path.length > 0) {
        return 0;
    }
    if (!query_holds(w->q, place, &value)) {
        return 0;
    }
    value = *element;
    if (place->more) {
        if (weir__sc_gjson_split(place->rest, &left, &right)) {
            place->rest = left;
            w->pipe = right;
            w->piped = 1;
        }
        value = weir__sc_gjson_get(w->q, element->raw, place->rest);
    }
    if (!place->all) {
        w->value = value;
        return 1;
    }
    if (value.raw.length > 0) {
        put(found, value.raw);
    }
    return 0;
}

/* ---- objects and lists ---------------------------------------------------------------------- */

static int walk_object(struct walk *w, size_t *i, struct text path);

/* "#.x": the values of all elements, of which `firsts` are where they begin. */
static void gather(struct walk *w, struct text path, size_t begin)
{
    struct list found;
    struct text left, right;
    size_t i = begin;

    begin_list(&found, w->q, w->json);
    if (weir__sc_gjson_split(path, &left, &right)) {
        path = left;
        w->pipe = right;
        w->piped = 1;
    }
    while (i < w->json.length && w->json.at[i] != ']') {
        enum start start = start_of(w->json, i);
        struct gjson element, value;

        if (start == START_NOTHING) {
            i++;
        } else if (take_value(w->json, start, &i, &element)) {
            value = weir__sc_gjson_get(w->q, element.raw, path);
            if (exists(&value)) {
                put(&found, value.raw);
            }
        }
    }
    w->value = end_list(&found);
}

/* What the end of a list gives. */
static int end_of_list(struct walk *w, const struct gjson_place *place, size_t begin,
                       uint64_t count, struct list *found)
{
    char *digits;

    if (place->counts && text_is(place->part, "#")) {
        if (place->each) {
            gather(w, place->rest, begin);
            return 1;
        }
        digits = take(w->q, 24);
        w->value = nothing;
        w->value.type = GJSON_NUMBER;
        w->value.number = (double)count;
        if (digits != NULL) {
            digits[0] = '0';
            w->value.raw = (struct text){digits, 1}; /* that there is one; nothing reads it */
        }
        return 1;
    }
    if (place->all && !exists(&w->value)) {
        w->value = end_list(found);
    }
    return 0;
}

static int64_t index_of(struct text part)
{
    int64_t n = 0;

    for (size_t i = 0; i < part.length; i++) {
        if (part.at[i] < '0' || part.at[i] > '9' || n > INT32_MAX) {
            return -1;
        }
        n = n * 10 + (part.at[i] - '0');
    }
    return part.length > 0 ? n : -1;
}

/* From behind its bracket; 1: the value was found, and *i is behind it. */
static int walk_list(struct walk *w, size_t *i, struct text path)
{
    size_t begin = *i;
    struct gjson_place place;
    struct list found = {w->q, NULL, 0, 0};
    int64_t wanted;
    uint64_t count = 0;

    weir__sc_gjson_place(path, &place);
    wanted = place.counts ? -1 : index_of(place.part);
    if (!place.more && place.piped) {
        w->pipe = place.rest;
        w->piped = 1;
    }
    if (place.all) {
        begin_list(&found, w->q, w->json);
    }
    for (; w->q->status == WEIR_OK; ++*i) {
        int matches = (uint64_t)wanted == count, hit = matches && !place.more;
        struct gjson value;
        enum start start;

        if (*i >= w->json.length || w->json.at[*i] == ']') {
            hit = end_of_list(w, &place, begin, count, &found);
            *i += *i < w->json.length;
            return hit;
        }
        start = start_of(w->json, *i);
        if (start == START_NOTHING) {
            continue;
        }
        count++;
        if (matches && !hit && (start == START_OBJECT || start == START_LIST)) {
            ++*i;
            if (start == START_OBJECT ? walk_object(w, i, place.rest)
                                      : walk_list(w, i, place.rest)) {
                return 1;
            }
        } else if (!take_value(w->json, start, i, &value)) {
            return 0;
        } else if (place.queries) {
            if (ask_element(w, &place, &value, &found)) {
                return 1;
            }
        } else if (hit) {
            w->value = value;
            return 1;
        }
        --*i; /* the loop goes on at what is behind the value */
    }
    return 0;
}

static int name_fits(struct walk *w, const struct gjson_name *name, struct text raw)
{
    struct text part = {name->part, name->length}, key = unescaped(w->q, raw);

    return name->wild ? weir__sc_gjson_matches(key, part) : compare_texts(key, part) == 0;
}

/* Goes behind the next name of an object; 0: there is none any more. */
static int next_name(struct walk *w, size_t *i, struct text *name)
{
    size_t end;

    for (; *i < w->json.length && w->json.at[*i] != '}'; ++*i) {
        if (w->json.at[*i] != '"') {
            continue;
        }
        end = weir__sc_gjson_text_end(w->json, *i);
        if (end == 0) {
            *i = w->json.length;
            return 0;
        }
        *name = slice(w->json, *i + 1, end - 1);
        *i = end;
        return 1;
    }
    *i += *i < w->json.length;
    return 0;
}

static int walk_object(struct walk *w, size_t *i, struct text path)
{
    struct gjson_name name;
    struct text key;

    weir__sc_gjson_name(path, &name);
    if (!name.more && name.piped) {
        w->pipe = name.rest;
        w->piped = 1;
    }
    while (next_name(w, i, &key) && w->q->status == WEIR_OK) {
        int matches = name_fits(w, &name, key);
        struct gjson value;
        enum start start = START_NOTHING;

        while (*i < w->json.length && (start = start_of(w->json, *i)) == START_NOTHING) {
            ++*i;
        }
        if (*i >= w->json.length) {
            return 0;
        }
        if (matches && name.more && (start == START_OBJECT || start == START_LIST)) {
            ++*i;
            if (start == START_OBJECT ? walk_object(w, i, name.rest) : walk_list(w, i, name.rest)) {
                return 1;
            }
        } else if (!take_value(w->json, start, i, &value)) {
            return 0;
        } else if (matches && !name.more) {
            w->value = value;
            return 1;
        }
    }
    return 0;
}

/* ---- a path --------------------------------------------------------------------------------- */

/* What a path begins with other than names. 1: *value is what it leads to. */
static int special(struct gjson_query *q, struct text json, struct text path, struct gjson *value)
{
    size_t n;
    int does;

    *value = nothing;
    if (path.length < 2) {
        return 0;
    }
    if (path.at[0] == '[' || path.at[0] == '{' || path.at[0] == '!') {
        fail(q, WEIR_E_UNSUPPORTED, "weir does not do paths in [] or {}, or behind !");
        return 1;
    }
    if (path.at[0] != '@') {
        return 0;
    }
    n = weir__sc_gjson_modifier(path, &does);
    if (n == 0) {
        return 0;
    }
    if (!does) {
        fail(q, WEIR_E_UNSUPPORTED, "weir does no modifiers but @this, @pretty, @ugly and @valid");
    } else if (n + 1 < path.length) {
        *value = weir__sc_gjson_get(q, json, slice(path, n + 2, path.length));
    } else {
        *value = first_value(json);
    }
    return 1;
}

struct gjson weir__sc_gjson_get(struct gjson_query *q, struct text json, struct text path)
{
    struct walk w = {.q = q, .json = json, .value = nothing};
    size_t i = 0;

    if (q->status != WEIR_OK || special(q, json, path, &w.value)) {
        return w.value;
    }
    if (path.length >= 2 && path.at[0] == '.' && path.at[1] == '.') {
        walk_list(&w, &i, slice(path, 2, path.length)); /* a list of lines */
    } else {
        while (i < json.length && json.at[i] != '{' && json.at[i] != '[') {
            i++;
        }
        if (i < json.length) {
            i++;
            if (json.at[i - 1] == '{') {
                walk_object(&w, &i, path);
            } else {
                walk_list(&w, &i, path);
            }
        }
    }
    return w.piped ? weir__sc_gjson_get(q, w.value.raw, w.pipe) : w.value;
}
