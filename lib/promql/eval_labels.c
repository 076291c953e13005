/*
 * eval_labels.c - label_replace() and label_join(), which change labels and leave values alone.
 *
 * Upstream: promql/functions.go, evalLabelReplace() and evalLabelJoin().
 */
#include "promql/eval.h"

/* Text being built up. */
struct buffer {
    struct arena *arena;
    char *text;
    uint32_t length, room;
    bool failed;
};

static void put(struct buffer *b, const char *text, size_t length)
{
    if (b->failed || length > INT32_MAX - b->length) {
        b->failed = true;
        return;
    }
    if (b->length + length > b->room) {
        uint32_t room = 2 * (b->room + (uint32_t)length) + 32;
        char *more = arena_take(b->arena, room);

        b->failed = more == NULL;
        if (b->failed) {
            return;
        }
        if (b->length > 0) {
            memcpy(more, b->text, b->length);
        }
        b->text = more;
        b->room = room;
    }
    if (length > 0) {
        memcpy(b->text + b->length, text, length);
    }
    b->length += (uint32_t)length;
}

static struct text argument(const struct node *call, uint32_t i)
{
    return unwrap(call->call.args[i])->string;
}

static weir_status check_name(struct eval *ev, const struct node *call, uint32_t i,
                              const char *what)
{
    struct text name = argument(call, i);

    if (!weir__pq_label_name_valid(ev, name)) {
        return EVAL_FAIL(ev, WEIR_E_RANGE, call->call.args[i], {'s', "invalid "}, {'s', what},
                         {'s', " label name in "}, {'s', call->call.function->name}, {'s', "(): "},
                         {'q', &name});
    }
    return WEIR_OK;
}

/* The value of a label by its name as text. */
static struct text value_of(const struct eval *ev, struct labels labels, struct text name)
{
    uint32_t symbol = weir__pq_eval_find(ev, name);

    return symbol != SYMBOL_NONE ? weir__pq_eval_text(ev, weir__pq_label_get(labels, symbol))
                                 : TEXT("");
}

static weir_status set_label(struct eval *ev, struct labels *labels, struct text name,
                             struct text value)
{
    uint32_t name_symbol, value_symbol;
    weir_status status = weir__pq_eval_symbol(ev, name, &name_symbol);

    status = status == WEIR_OK ? weir__pq_eval_symbol(ev, value, &value_symbol) : status;
    if (status != WEIR_OK) {
        return status;
    }
    *labels = weir__pq_labels_with(ev, *labels, name_symbol, value_symbol);
    return labels->set != NULL ? WEIR_OK : eval_memory(ev);
}

/* ---- label_replace -------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* After a $: the name in braces, or as far as it goes. false when there is none. */
static bool take_name(struct text template, uint32_t *at, struct text *name)
{
    bool braces = *at < template.length && template.at[*at] == '{';
    uint32_t from = *at + braces, i = from;

    while (i < template.length && is_word(template.at[i])) {
        i++;
    }
    if (i == from || (braces && (i == template.length || template.at[i] != '}'))) {
        return false;
    }
    *name = (struct text){template.at + from, i - from};
    *at = i + braces;
    return true;
}

/*
 * A name may have letters of any script, which weir does not tell from other signs: then it does
 * not know where the name ends. The first such place, UINT32_MAX when there is none.
 */
static uint32_t unclear_name(struct text template)
{
    for (uint32_t at = 0; at < template.length; at++) {
        uint32_t i = at + 1;

        if (template.at[at] != '$') {
            continue;
        }
        i += i < template.length && template.at[i] == '{';
        while (i < template.length && is_word(template.at[i])) {
            i++;
        }
        if (i < template.length && (unsigned char)template.at[i] >= 0x80) {
            return at;
        }
        at += at + 1 < template.length && template.at[at + 1] == '$';
    }
    return UINT32_MAX;
}

/* The number that a name is, -1 when it is none. */
static int64_t group_number(struct text name)
{
    int64_t number = 0;

    if (name.length > 1 && name.at[0] == '0') {
        return -1;
    }
    for (uint32_t i = 0; i < name.length; i++) {
        if (name.at[i] < '0' || name.at[i] > '9' || number >= 100000000) {
            return -1;
        }
        number = number * 10 + (name.at[i] - '0');
    }
    return number;
}

/* What the group of a name or number found; nothing where there is none. */
static void put_group(struct buffer *b, const struct regex *regex, const int64_t *slots,
                      struct text name, struct text source)
{
    int64_t number = group_number(name);

    for (uint32_t i = 0; i < regex->groups; i++) {
        bool meant = number >= 0 ? i == number : text_equal(regex->names[i], name);

        const int64_t *ends = slots + (size_t)2 * i;

        if (meant && ends[0] >= 0) {
            put(b, source.at + ends[0], (size_t)(ends[1] - ends[0]));
            return;
        }
    }
}

/* $1, ${1}, $name and $$ of a template, by what a regular expression found in a text. */
static void expand(struct buffer *b, const struct regex *regex, const int64_t *slots,
                   struct text template, struct text source)
{
    uint32_t at = 0;

    while (at < template.length) {
        const char *dollar = memchr(template.at + at, '$', template.length - at);
        uint32_t until = dollar != NULL ? (uint32_t)(dollar - template.at) : template.length;
        struct text name;

        put(b, template.at + at, until - at);
        at = until;
        if (dollar == NULL) {
            break;
        }
        at++;
        if (at < template.length && template.at[at] == '$') {
            put(b, "$", 1);
            at++;
        } else if (take_name(template, &at, &name)) {
            put_group(b, regex, slots, name, source);
        } else {
            put(b, "$", 1); /* malformed: it stands for itself */
        }
    }
}

static weir_status compile(struct eval *ev, const struct node *call, struct regex **regex)
{
    struct buffer pattern = {.arena = &ev->arena};
    struct text text = argument(call, 4);
    char message[160];
    struct sink sink = {message, sizeof message, 0};
    const char *open = is_2_42(ev) ? "^(?:" : "^(?s:";
    weir_status status;

    put(&pattern, open, strlen(open));
    put(&pattern, text.at, text.length);
    put(&pattern, ")$", 2);
    if (pattern.failed) {
        return eval_memory(ev);
    }
    status = weir__pq_regex_compile(&ev->arena, (struct text){pattern.text, pattern.length}, false,
                                    regex, &sink);
    weir__pq_sink_close(&sink);
    if (status == WEIR_OK || status == WEIR_E_MEMORY) {
        return status == WEIR_OK ? status : eval_memory(ev);
    }
    return EVAL_FAIL(ev, status == WEIR_E_PARSE ? WEIR_E_RANGE : status, call->call.args[4],
                     {'s', "invalid regular expression in label_replace(): "}, {'s', message});
}

weir_status weir__pq_eval_label_replace(struct eval *ev, const struct grid *grid,
                                        const struct node *call, struct value *out)
{
    struct regex_scratch scratch = {.arena = &ev->arena};
    struct regex *regex;
    weir_status status = compile(ev, call, &regex);

    if (status == WEIR_OK && unclear_name(argument(call, 2)) != UINT32_MAX) {
        return EVAL_FAIL(ev, WEIR_E_UNSUPPORTED, call->call.args[2],
                         {'s', "weir does not know where a name ends that is followed by a "
                               "character beyond ASCII: write ${name}"});
    }
    status = status == WEIR_OK ? check_name(ev, call, 1, "destination") : status;
    status = status == WEIR_OK ? weir__pq_eval(ev, grid, call->call.args[0], out) : status;
    for (uint32_t i = 0; status == WEIR_OK && i < out->matrix.count; i++) {
        struct labels *labels = &out->matrix.rows[i].labels;
        struct text source = value_of(ev, *labels, argument(call, 3));
        struct buffer value = {.arena = &ev->arena};
        const int64_t *slots;

        if (weir__pq_regex_find(regex, source, false, &scratch, &slots) != WEIR_OK) {
            return eval_memory(ev);
        }
        if (slots == NULL) {
            continue;
        }
        expand(&value, regex, slots, argument(call, 2), source);
        status = value.failed ? eval_memory(ev)
                              : set_label(ev, labels, argument(call, 1),
                                          (struct text){value.text, value.length});
    }
    return status == WEIR_OK ? weir__pq_rows_unite(ev, grid, call, &out->matrix) : status;
}

/* ---- label_join ----------------------------------------------------------------------------- */

weir_status weir__pq_eval_label_join(struct eval *ev, const struct grid *grid,
                                     const struct node *call, struct value *out)
{
    weir_status status = WEIR_OK;

    for (uint32_t i = 3; status == WEIR_OK && i < call->call.count; i++) {
        status = check_name(ev, call, i, "source");
    }
    status = status == WEIR_OK ? check_name(ev, call, 1, "destination") : status;
    status = status == WEIR_OK ? weir__pq_eval(ev, grid, call->call.args[0], out) : status;
    for (uint32_t i = 0; status == WEIR_OK && i < out->matrix.count; i++) {
        struct labels *labels = &out->matrix.rows[i].labels;
        struct buffer value = {.arena = &ev->arena};

        for (uint32_t j = 3; j < call->call.count; j++) {
            struct text part = value_of(ev, *labels, argument(call, j));

            if (j > 3) {
                put(&value, argument(call, 2).at, argument(call, 2).length);
            }
            put(&value, part.at, part.length);
        }
        status = value.failed ? eval_memory(ev)
                              : set_label(ev, labels, argument(call, 1),
                                          (struct text){value.text, value.length});
    }
    return status == WEIR_OK ? weir__pq_rows_unite(ev, grid, call, &out->matrix) : status;
}
