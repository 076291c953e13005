/*
 * regex_parse.c - the text of a regular expression to a tree, by the syntax of Go's regexp/syntax
 * with its Perl flags: classes, groups that capture, have names or change flags, lazy and counted
 * repetition, assertions, escapes. Look-around and back references do not exist in RE2.
 */
#include "promql/regex_class.h"
#include "promql/regex_tree.h"

/* Flags that groups change and restore. */
struct flags {
    bool fold;   /* i */
    bool lines;  /* m */
    bool lazy;   /* U */
    uint8_t dot; /* s: REGEX_DOT_* */
};

struct parser {
    struct arena *arena;
    struct text pattern;
    const char *at, *end;
    struct flags flags;
    struct regex_tree *tree;
    uint32_t name_room;
    int depth;
    struct sink *message;
    weir_status status; /* WEIR_OK until something fails */
};

static struct regex_node *parse_alternation(struct parser *p);

/* ---- errors and nodes ----------------------------------------------------------------------- */

static struct regex_node *fail(struct parser *p, weir_status status, const char *what,
                               const char *from, const char *to)
{
    if (p->status == WEIR_OK) {
        p->status = status;
        sink_string(p->message, what);
        if (from != NULL) {
            sink_string(p->message, ": ");
            weir__pq_sink_quoted(p->message, (struct text){from, (uint32_t)(to - from)});
        }
    }
    return NULL;
}

static struct regex_node *no_memory(struct parser *p)
{
    p->status = WEIR_E_MEMORY;
    return NULL;
}

static struct regex_node *node(struct parser *p, enum regex_kind kind, int32_t value)
{
    struct regex_node *n = weir__pq_arena_zeroed(p->arena, 1, sizeof *n);

    if (n == NULL) {
        return no_memory(p);
    }
    n->kind = (uint8_t)kind;
    n->value = value;
    return n;
}

static int32_t next_rune(struct parser *p)
{
    int width;
    int32_t rune = weir__pq_rune_read(p->at, (size_t)(p->end - p->at), &width);

    p->at += width;
    return rune;
}

static bool next_is(const struct parser *p, char c)
{
    return p->at < p->end && *p->at == c;
}

static bool accept(struct parser *p, char c)
{
    if (!next_is(p, c)) {
        return false;
    }
    p->at++;
    return true;
}

/* ---- classes -------------------------------------------------------------------------------- */

static struct regex_node *close_class(struct parser *p, struct rune_class *class, bool negate)
{
    struct regex_node *n;

    if (class->beyond) {
        return fail(p, WEIR_E_UNSUPPORTED, "weir does not ignore the case of letters beyond ASCII",
                    NULL, NULL);
    }
    n = node(p, TREE_CLASS, 0);
    if (n == NULL || !weir__pq_class_close(class, negate)) {
        return no_memory(p);
    }
    n->ranges = class->ranges;
    n->count = class->count;
    return n;
}

static struct regex_node *rune_node(struct parser *p, int32_t rune)
{
    struct rune_class class = {.arena = p->arena};
    bool letter = (rune >= 'a' && rune <= 'z') || (rune >= 'A' && rune <= 'Z') || rune > 0x7F;

    if (!p->flags.fold || !letter) {
        return node(p, TREE_RUNE, rune);
    }
    return weir__pq_class_add_folded(&class, rune, rune) ? close_class(p, &class, false)
                                                         : no_memory(p);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After \x: two digits, or any number of them in braces. -1 when it is neither. */
static int32_t hex_escape(struct parser *p)
{
    int32_t rune = 0;
    int digits = 0;

    if (!accept(p, '{')) {
        if (p->end - p->at < 2 || hex_digit(p->at[0]) < 0 || hex_digit(p->at[1]) < 0) {
            return -1;
        }
        rune = hex_digit(p->at[0]) * 16 + hex_digit(p->at[1]);
        p->at += 2;
        return rune;
    }
    for (; p->at < p->end && *p->at != '}'; p->at++, digits++) {
        int digit = hex_digit(*p->at);

        if (digit < 0 || rune > (RUNE_MAX - digit) / 16) {
            return -1;
        }
        rune = rune * 16 + digit;
    }
    return digits > 0 && accept(p, '}') ? rune : -1;
}

/* The rune of an escape; p->at is behind the backslash. -1 on failure. */
static int32_t escape(struct parser *p)
{
    static const char letters[] = "afnrtv", runes[] = "\a\f\n\r\t\v";
    const char *from = p->at - 1, *letter;
    int32_t c, rune = -1;

    if (p->at == p->end) {
        fail(p, WEIR_E_PARSE, "trailing backslash at end of expression", NULL, NULL);
        return -1;
    }
    c = next_rune(p);
    letter = c < 0x80 && c != 0 ? strchr(letters, c) : NULL;
    if (c == 'x') {
        rune = hex_escape(p);
    } else if (c == '0' ||
               (c >= '1' && c <= '7' && p->at < p->end && *p->at >= '0' && *p->at <= '7')) {
        rune = c - '0';
        for (int i = 0; i < 2 && p->at < p->end && *p->at >= '0' && *p->at <= '7'; i++) {
            rune = rune * 8 + (*p->at++ - '0');
        }
    } else if (letter != NULL) {
        rune = (unsigned char)runes[letter - letters];
    } else if (c < 0x80 && !(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) {
        rune = c;
    }
    if (rune < 0) {
        fail(p, WEIR_E_PARSE, "invalid escape sequence", from, p->at);
    }
    return rune;
}

/* \d, \S and so on, after the backslash. */
static bool is_perl_class(const struct parser *p)
{
    return p->at < p->end && *p->at != '\0' && strchr("dDsSwW", *p->at) != NULL;
}

static bool is_unicode_class(const struct parser *p)
{
    return next_is(p, 'p') || next_is(p, 'P');
}

static bool add_perl_class(struct parser *p, struct rune_class *class)
{
    char name = (char)(*p->at | 0x20);
    bool negate = *p->at++ != name, known;

    return weir__pq_class_add_named(class, (struct text){&name, 1}, negate, p->flags.fold, &known);
}

/* [:name:] within brackets. 1: added; 0: there is none; -1: failed. */
static int add_posix_class(struct parser *p, struct rune_class *class)
{
    const char *name = p->at + 2, *stop = name;
    bool negate, known;
    struct text text;

    if (p->end - p->at < 3 || p->at[0] != '[' || p->at[1] != ':') {
        return 0;
    }
    while (p->end - stop >= 2 && !(stop[0] == ':' && stop[1] == ']')) {
        stop++;
    }
    if (p->end - stop < 2) {
        return 0;
    }
    negate = *name == '^';
    text = (struct text){name + negate, (uint32_t)(stop - name - negate)};
    if (text.length < 2 && !(text.length == 1 && text.at[0] > 'z')) {
        known = false; /* d, s and w are not of POSIX */
    } else if (!weir__pq_class_add_named(class, text, negate, p->flags.fold, &known)) {
        no_memory(p);
        return -1;
    }
    if (!known) {
        fail(p, WEIR_E_PARSE, "invalid character class range", p->at, stop + 2);
        return -1;
    }
    p->at = stop + 2;
    return 1;
}

/* One rune within brackets, -1 on failure. */
static int32_t class_rune(struct parser *p, const char *from)
{
    if (p->at == p->end) {
        fail(p, WEIR_E_PARSE, "missing closing ]", from, p->end);
        return -1;
    }
    return accept(p, '\\') ? escape(p) : next_rune(p);
}

static bool add_class_range(struct parser *p, struct rune_class *class, const char *from)
{
    const char *range = p->at;
    int32_t low = class_rune(p, from), high = low;

    if (low >= 0 && p->end - p->at >= 2 && p->at[0] == '-' && p->at[1] != ']') {
        p->at++;
        high = class_rune(p, from);
        if (high >= 0 && high < low) {
            fail(p, WEIR_E_PARSE, "invalid character class range", range, p->at);
            return false;
        }
    }
    if (low < 0 || high < 0) {
        return false;
    }
    if (!(p->flags.fold ? weir__pq_class_add_folded(class, low, high)
                        : weir__pq_class_add(class, low, high))) {
        no_memory(p);
        return false;
    }
    return true;
}

/* After the opening bracket. */
static struct regex_node *bracket_class(struct parser *p)
{
    struct rune_class class = {.arena = p->arena};
    const char *from = p->at - 1;
    bool negate = next_is(p, '^');

    p->at += negate;
    for (bool first = true; first || !next_is(p, ']'); first = false) {
        int posix = add_posix_class(p, &class);

        if (posix < 0) {
            return NULL;
        }
        if (posix > 0) {
            continue;
        }
        if (next_is(p, '\\')) {
            p->at++;
            if (is_unicode_class(p)) {
                return fail(p, WEIR_E_UNSUPPORTED, "weir does not know Unicode classes", p->at - 1,
                            p->at + 1);
            }
            if (is_perl_class(p)) {
                if (!add_perl_class(p, &class)) {
                    return no_memory(p);
                }
                continue;
            }
            p->at--;
        }
        if (!add_class_range(p, &class, from)) {
            return NULL;
        }
    }
    p->at++;
    return close_class(p, &class, negate);
}

/* ---- groups --------------------------------------------------------------------------------- */

static bool add_group(struct parser *p, struct text name)
{
    void *names = p->tree->names;

    if (!weir__pq_arena_grow(p->arena, &names, p->tree->groups, &p->name_room, sizeof name)) {
        no_memory(p);
        return false;
    }
    p->tree->names = names;
    p->tree->names[p->tree->groups++] = name;
    return true;
}

/* (?P<name> or (?<name>; p->at is at the <. */
static bool group_name(struct parser *p, const char *from)
{
    const char *name = ++p->at;
    bool fine = true;

    while (p->at < p->end && *p->at != '>') {
        char c = *p->at++, lower = (char)(c | 0x20);

        fine = fine && (c == '_' || (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z'));
    }
    if (p->at == p->end || !fine || p->at == name) {
        fail(p, WEIR_E_PARSE, "invalid named capture", from, p->at + (p->at < p->end));
        return false;
    }
    return add_group(p, (struct text){name, (uint32_t)(p->at++ - name)});
}

/*
 * Flags after "(?" up to ":" or ")". *group is set to whether a group follows. What was there
 * before is restored by the end of the group around.
 */
static bool group_flags(struct parser *p, const char *from, bool *group)
{
    bool set = true, any = false;

    while (p->at < p->end) {
        char c = *p->at++;

        if (c == 'i') {
            p->flags.fold = set;
        } else if (c == 'm') {
            p->flags.lines = set;
        } else if (c == 's') {
            p->flags.dot = set ? REGEX_DOT_ALL : REGEX_DOT_NO_NEWLINE;
        } else if (c == 'U') {
            p->flags.lazy = set;
        } else if (c == '-' && set) {
            set = false;
            any = false;
            continue;
        } else if ((c == ':' || c == ')') && (set || any)) {
            *group = c == ':';
            return true;
        } else {
            break;
        }
        any = true;
    }
    fail(p, WEIR_E_PARSE, "invalid or unsupported Perl syntax", from, p->at);
    return false;
}

/* After the opening parenthesis. An empty node when it only changed flags. */
static struct regex_node *group(struct parser *p, bool *nothing)
{
    struct flags before = p->flags;
    const char *from = p->at - 1;
    struct regex_node *inner, *capture = NULL;
    bool more = true;

    if (next_is(p, '?')) {
        p->at++;
        if (p->end - p->at > 1 && p->at[0] == 'P' && p->at[1] == '<') {
            p->at++;
        }
        if (next_is(p, '<')) {
            if (!group_name(p, from)) {
                return NULL;
            }
            capture = node(p, TREE_CAPTURE, (int32_t)p->tree->groups - 1);
        } else if (!group_flags(p, from, &more)) {
            return NULL;
        }
    } else if (add_group(p, TEXT(""))) {
        capture = node(p, TREE_CAPTURE, (int32_t)p->tree->groups - 1);
    }
    if (p->status != WEIR_OK) {
        return NULL;
    }
    *nothing = !more;
    if (!more) {
        return node(p, TREE_EMPTY, 0);
    }
    if (++p->depth > REGEX_DEPTH_MAX) {
        return fail(p, WEIR_E_LIMIT, "expression nests too deeply", NULL, NULL);
    }
    inner = parse_alternation(p);
    p->depth--;
    if (inner == NULL) {
        return NULL;
    }
    if (!next_is(p, ')')) {
        return fail(p, WEIR_E_PARSE, "missing closing )", p->pattern.at, p->end);
    }
    p->at++;
    p->flags = before;
    if (capture != NULL) {
        capture->first = inner;
    }
    return capture != NULL ? capture : inner;
}

/* ---- atoms and repetition ------------------------------------------------------------------- */

static struct regex_node *backslash(struct parser *p)
{
    int32_t rune;

    if (p->at < p->end) {
        switch (*p->at) {
        case 'A': p->at++; return node(p, TREE_ASSERT, REGEX_BEGIN_TEXT);
        case 'z': p->at++; return node(p, TREE_ASSERT, REGEX_END_TEXT);
        case 'b': p->at++; return node(p, TREE_ASSERT, REGEX_WORD_BOUNDARY);
        case 'B': p->at++; return node(p, TREE_ASSERT, REGEX_NO_WORD_BOUNDARY);
        default: break;
        }
    }
    if (is_unicode_class(p)) {
        return fail(p, WEIR_E_UNSUPPORTED, "weir does not know Unicode classes", p->at - 1,
                    p->at + 1);
    }
    if (is_perl_class(p)) {
        struct rune_class class = {.arena = p->arena};

        return add_perl_class(p, &class) ? close_class(p, &class, false) : no_memory(p);
    }
    rune = escape(p);
    return rune < 0 ? NULL : rune_node(p, rune);
}

/* One atom. *nothing is set for what cannot be repeated and leaves no trace. */
static struct regex_node *atom(struct parser *p, bool *nothing)
{
    switch (*p->at) {
    case '(': p->at++; return group(p, nothing);
    case '[': p->at++; return bracket_class(p);
    case '\\': p->at++; return backslash(p);
    case '.': p->at++; return node(p, TREE_ANY, p->flags.dot);
    case '^':
        p->at++;
        return node(p, TREE_ASSERT, p->flags.lines ? REGEX_BEGIN_LINE : REGEX_BEGIN_TEXT);
    case '$':
        p->at++;
        return node(p, TREE_ASSERT, p->flags.lines ? REGEX_END_LINE : REGEX_END_TEXT);
    default: return rune_node(p, next_rune(p));
    }
}

/* A number of at most 1000, -1 when there is none, 1001 when it is more. */
static int32_t repeat_number(struct parser *p)
{
    int32_t number = 0;
    const char *from = p->at;

    for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
        number = number > REGEX_REPEAT_MAX ? number : number * 10 + (*p->at - '0');
    }
    if (p->at == from || (p->at - from > 1 && *from == '0')) {
        return -1;
    }
    return number > REGEX_REPEAT_MAX ? REGEX_REPEAT_MAX + 1 : number;
}

/* {n}, {n,} or {n,m}. false, and p->at as it was, for braces that are just braces. */
static bool repeat_braces(struct parser *p, int32_t *min, int32_t *max)
{
    const char *from = p->at++;

    *min = *max = repeat_number(p);
    if (*min >= 0 && next_is(p, ',')) {
        p->at++;
        if (next_is(p, '}')) {
            *max = -1;
        } else {
            *max = repeat_number(p);
            *min = *max < 0 ? -1 : *min;
        }
    }
    if (*min < 0 || !next_is(p, '}')) {
        p->at = from;
        return false;
    }
    p->at++;
    return true;
}

/* How often the innermost part of nested counted repetitions is written out at most. */
static int64_t written_out(const struct regex_node *n)
{
    int64_t most = 1;

    for (const struct regex_node *child = n->first; child != NULL; child = child->next) {
        int64_t inner = written_out(child);

        most = inner > most ? inner : most;
    }
    if (n->kind == TREE_REPEAT) {
        int32_t times = n->max < 0 ? n->min : n->max;

        most *= times > 1 ? times : 1;
    }
    return most;
}

static bool take_repeat(struct parser *p, int32_t *min, int32_t *max)
{
    *min = next_is(p, '+');
    *max = next_is(p, '?') ? 1 : -1;
    if (next_is(p, '*') || next_is(p, '+') || next_is(p, '?')) {
        p->at++;
        return true;
    }
    return next_is(p, '{') && repeat_braces(p, min, max);
}

/* A row of items being built. */
struct row {
    struct regex_node *node;
    struct regex_node **item; /* where the last item hangs, NULL before the first */
    bool repeated;            /* the last thing read was a repetition */
};

static bool append(struct row *row, struct regex_node *item)
{
    if (item == NULL) {
        return false;
    }
    row->item = row->item == NULL ? &row->node->first : &(*row->item)->next;
    *row->item = item;
    return true;
}

/* A repetition that was read from `from` on: around the last item. */
static bool repeat_last(struct parser *p, struct row *row, const char *from, int32_t min,
                        int32_t max)
{
    struct regex_node *n = node(p, TREE_REPEAT, 0);

    if (n == NULL) {
        return false;
    }
    n->greedy = !p->flags.lazy;
    if (accept(p, '?')) {
        n->greedy = !n->greedy;
    }
    n->min = min;
    n->max = max;
    if (row->item == NULL) {
        fail(p, WEIR_E_PARSE, "missing argument to repetition operator", from, p->at);
        return false;
    }
    n->first = *row->item;
    if (min > REGEX_REPEAT_MAX || max > REGEX_REPEAT_MAX || (max >= 0 && min > max) ||
        ((min > 1 || max > 1) && written_out(n) > REGEX_REPEAT_MAX)) {
        fail(p, WEIR_E_PARSE, "invalid repeat count", from, p->at);
        return false;
    }
    if (row->repeated) {
        fail(p, WEIR_E_PARSE, "invalid nested repetition operator", from, p->at);
        return false;
    }
    *row->item = n;
    row->repeated = true;
    return true;
}

static bool at_pair(const struct parser *p, char second)
{
    return p->end - p->at >= 2 && p->at[0] == '\\' && p->at[1] == second;
}

/* From \Q up to \E or the end: runes as they are. */
static bool append_quoted(struct parser *p, struct row *row)
{
    for (p->at += 2; p->at < p->end;) {
        if (at_pair(p, 'E')) {
            p->at += 2;
            break;
        }
        if (!append(row, rune_node(p, next_rune(p)))) {
            return false;
        }
    }
    return true;
}

static struct regex_node *parse_row(struct parser *p)
{
    struct row row = {.node = node(p, TREE_CONCAT, 0)};

    while (p->status == WEIR_OK && p->at < p->end && *p->at != '|' && *p->at != ')') {
        const char *from = p->at;
        int32_t min, max;
        bool nothing = false;
        struct regex_node *item;

        if (take_repeat(p, &min, &max)) {
            repeat_last(p, &row, from, min, max);
            continue;
        }
        row.repeated = false;
        if (at_pair(p, 'Q')) {
            append_quoted(p, &row);
            continue;
        }
        item = atom(p, &nothing);
        if (!nothing) { /* else flags changed, and a repetition is of what was before */
            append(&row, item);
        }
    }
    return p->status == WEIR_OK ? row.node : NULL;
}

static struct regex_node *parse_alternation(struct parser *p)
{
    struct regex_node *first = parse_row(p), *all, *last = first;

    if (first == NULL || !next_is(p, '|')) {
        return first;
    }
    all = node(p, TREE_ALTERNATE, 0);
    if (all == NULL) {
        return NULL;
    }
    all->first = first;
    while (next_is(p, '|')) {
        p->at++;
        last->next = parse_row(p);
        last = last->next;
        if (last == NULL) {
            return NULL;
        }
    }
    return all;
}

weir_status weir__pq_regex_parse(struct arena *arena, struct text pattern, struct regex_tree *tree,
                                 struct sink *message)
{
    struct parser p = {.arena = arena,
                       .pattern = pattern,
                       .at = pattern.at,
                       .end = pattern.at + pattern.length,
                       .tree = tree,
                       .message = message};

    p.flags.dot = REGEX_DOT_DEFAULT;
    memset(tree, 0, sizeof *tree);
    if (!weir__pq_utf8_valid(pattern.at, pattern.length)) {
        fail(&p, WEIR_E_PARSE, "invalid UTF-8", p.at, p.end);
        return p.status;
    }
    if (!add_group(&p, TEXT(""))) { /* the whole match */
        return p.status;
    }
    tree->root = parse_alternation(&p);
    if (tree->root != NULL && p.at < p.end) {
        fail(&p, WEIR_E_PARSE, "unexpected )", pattern.at, p.end);
    }
    return p.status;
}
