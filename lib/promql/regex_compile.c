/*
 * regex_compile.c - a parsed regular expression to the steps of a nondeterministic automaton
 * (Thompson's construction), and what can be known of its matches beforehand.
 */
#include "promql/regex_tree.h"

struct compiler {
    struct arena *arena;
    struct regex_step *steps;
    uint32_t count, room;
    weir_status status;
};

/* ---- steps ---------------------------------------------------------------------------------- */

/* Adds a step that goes on to the one behind it; gives its number. */
static uint32_t add_step(struct compiler *c, enum regex_op op, int32_t value)
{
    void *steps = c->steps;

    if (c->status != WEIR_OK) {
        return 0;
    }
    if (c->count >= REGEX_STEPS_MAX) {
        c->status = WEIR_E_LIMIT;
        return 0;
    }
    if (!weir__pq_arena_grow(c->arena, &steps, c->count, &c->room, sizeof *c->steps)) {
        c->status = WEIR_E_MEMORY;
        return 0;
    }
    c->steps = steps;
    c->steps[c->count] =
        (struct regex_step){.op = (uint8_t)op, .next = c->count + 1, .value = value};
    return c->count++;
}

static void compile(struct compiler *c, const struct regex_node *n);

/* Whether it can match nothing. */
static bool nullable(const struct regex_node *n)
{
    bool all = true, any = false;

    for (const struct regex_node *child = n->first; child != NULL; child = child->next) {
        bool one = nullable(child);

        all = all && one;
        any = any || one;
    }
    switch (n->kind) {
    case TREE_RUNE:
    case TREE_CLASS:
    case TREE_ANY: return false;
    case TREE_ALTERNATE: return any;
    case TREE_REPEAT: return n->min == 0 || all;
    default: return all; /* assertions have no children */
    }
}

/* A step that prefers `body` if greedy, else `out`. */
static void aim_split(struct compiler *c, uint32_t split, bool greedy, uint32_t body, uint32_t out)
{
    if (c->status == WEIR_OK) {
        c->steps[split].next = greedy ? body : out;
        c->steps[split].other = greedy ? out : body;
    }
}

static void compile_optional(struct compiler *c, const struct regex_node *body, bool greedy)
{
    uint32_t split = add_step(c, REGEX_SPLIT, 0);

    compile(c, body);
    aim_split(c, split, greedy, split + 1, c->count);
}

/* Once or more. */
static void compile_plus(struct compiler *c, const struct regex_node *body, bool greedy)
{
    uint32_t start = c->count, split;

    compile(c, body);
    split = add_step(c, REGEX_SPLIT, 0);
    aim_split(c, split, greedy, start, split + 1);
}

static void compile_star(struct compiler *c, const struct regex_node *body, bool greedy)
{
    uint32_t split = add_step(c, REGEX_SPLIT, 0), jump;

    if (nullable(body)) { /* (body+)?, which keeps the priorities of a loop over nothing right */
        compile_plus(c, body, greedy);
    } else {
        compile(c, body);
        jump = add_step(c, REGEX_JUMP, 0);
        if (c->status == WEIR_OK) {
            c->steps[jump].next = split;
        }
    }
    aim_split(c, split, greedy, split + 1, c->count);
}

/* x{2,4} is xx(x(x)?)? */
static void compile_repeat(struct compiler *c, const struct regex_node *n)
{
    const struct regex_node *body = n->first;
    uint32_t first;

    for (int32_t i = 0; i < n->min - (n->max < 0) && c->status == WEIR_OK; i++) {
        compile(c, body);
    }
    if (n->max < 0) {
        if (n->min == 0) {
            compile_star(c, body, n->greedy);
        } else {
            compile_plus(c, body, n->greedy);
        }
        return;
    }
    if (n->max - n->min == 1) {
        compile_optional(c, body, n->greedy);
        return;
    }
    first = c->count;
    for (int32_t i = n->min; i < n->max && c->status == WEIR_OK; i++) {
        add_step(c, REGEX_SPLIT, -1); /* aimed below, when the end is known */
        compile(c, body);
    }
    for (uint32_t i = first; i < c->count && c->status == WEIR_OK; i++) {
        if (c->steps[i].op == REGEX_SPLIT && c->steps[i].value == -1) {
            c->steps[i].value = 0;
            aim_split(c, i, n->greedy, i + 1, c->count);
        }
    }
}

static void compile_alternate(struct compiler *c, const struct regex_node *n)
{
    const struct regex_node *child = n->first;
    uint32_t jumps = UINT32_MAX; /* chained by their next until the end is known */

    for (; child->next != NULL && c->status == WEIR_OK; child = child->next) {
        uint32_t split = add_step(c, REGEX_SPLIT, 0), jump;

        compile(c, child);
        jump = add_step(c, REGEX_JUMP, 0);
        if (c->status == WEIR_OK) {
            c->steps[jump].next = jumps;
            jumps = jump;
        }
        aim_split(c, split, true, split + 1, c->count);
    }
    compile(c, child);
    while (c->status == WEIR_OK && jumps != UINT32_MAX) {
        uint32_t next = c->steps[jumps].next;

        c->steps[jumps].next = c->count;
        jumps = next;
    }
}

static void compile(struct compiler *c, const struct regex_node *n)
{
    uint32_t step;

    switch (n->kind) {
    case TREE_RUNE: add_step(c, REGEX_RUNE, n->value); break;
    case TREE_ANY: add_step(c, REGEX_ANY, n->value); break;
    case TREE_ASSERT: add_step(c, REGEX_ASSERT, n->value); break;
    case TREE_CLASS:
        step = add_step(c, REGEX_CLASS, 0);
        if (c->status == WEIR_OK) {
            c->steps[step].ranges = n->ranges;
            c->steps[step].count = n->count;
        }
        break;
    case TREE_CAPTURE:
        add_step(c, REGEX_SAVE, 2 * n->value);
        compile(c, n->first);
        add_step(c, REGEX_SAVE, 2 * n->value + 1);
        break;
    case TREE_REPEAT: compile_repeat(c, n); break;
    case TREE_ALTERNATE: compile_alternate(c, n); break;
    default:
        for (const struct regex_node *child = n->first; child != NULL; child = child->next) {
            compile(c, child);
        }
        break;
    }
}

/* ---- what is known beforehand ---------------------------------------------------------------- */

/* What a group or a row of one holds. */
static const struct regex_node *peel(const struct regex_node *n)
{
    while (n->kind == TREE_CAPTURE ||
           (n->kind == TREE_CONCAT && n->first != NULL && n->first->next == NULL)) {
        n = n->first;
    }
    return n;
}

/* The runes that a row begins with, as bytes; *rest is set to what comes after them. */
static bool leading_text(struct arena *arena, const struct regex_node *n, struct text *text,
                         const struct regex_node **rest)
{
    const struct regex_node *child = n->kind == TREE_CONCAT ? n->first : n;
    uint32_t runes = 0;
    char *at;

    for (const struct regex_node *r = child; r != NULL && r->kind == TREE_RUNE; r = r->next) {
        runes++;
    }
    at = arena_array(arena, runes + 1, 4);
    text->at = at;
    text->length = 0;
    for (uint32_t i = 0; at != NULL && i < runes; i++, child = child->next) {
        text->length += (uint32_t)weir__pq_rune_write(child->value, at + text->length);
    }
    *rest = child;
    return at != NULL;
}

/* Whether all of it is alternatives of plain text; then fills literals. */
static bool find_literals(struct arena *arena, const struct regex_node *root, struct regex *regex,
                          bool *memory)
{
    const struct regex_node *n = peel(root), *child = n->kind == TREE_ALTERNATE ? n->first : n;
    struct text *literals;
    uint32_t count = 1, i = 0;

    for (const struct regex_node *c = child; n->kind == TREE_ALTERNATE && c->next != NULL;
         c = c->next) {
        count++;
    }
    literals = arena_array(arena, count, sizeof *literals);
    *memory = literals != NULL;
    for (; literals != NULL && i < count; i++, child = child->next) {
        const struct regex_node *item = peel(child), *rest;

        if (item->kind != TREE_RUNE && item->kind != TREE_CONCAT && item->kind != TREE_EMPTY) {
            return false;
        }
        *memory = leading_text(arena, item, &literals[i], &rest);
        if (!*memory || (item->kind == TREE_CONCAT && rest != NULL)) {
            return false;
        }
    }
    regex->literals = literals;
    regex->literal_count = count;
    return *memory;
}

/* The text that every match begins with, and whether anything may follow it. */
static bool find_prefix(struct arena *arena, const struct regex_node *root, struct regex *regex)
{
    const struct regex_node *n = peel(root), *rest;

    regex->tail = -1;
    if (n->kind == TREE_ALTERNATE) {
        regex->prefix = TEXT("");
        return true;
    }
    if (!leading_text(arena, n, &regex->prefix, &rest)) {
        return false;
    }
    if (rest != NULL && (n->kind != TREE_CONCAT || rest->next == NULL)) {
        rest = peel(rest);
        if (rest->kind == TREE_REPEAT && rest->max < 0 && rest->min <= 1 &&
            rest->first->kind == TREE_ANY) {
            regex->tail = rest->min;
            regex->tail_dot = rest->first->value;
        }
    }
    return true;
}

weir_status weir__pq_regex_compile(struct arena *arena, struct text pattern, bool whole,
                                   struct regex **regex, struct sink *message)
{
    struct compiler c = {.arena = arena};
    struct regex_tree tree;
    weir_status status = weir__pq_regex_parse(arena, pattern, &tree, message);
    struct regex *made;
    bool memory = true;

    if (status != WEIR_OK) {
        return status;
    }
    made = weir__pq_arena_zeroed(arena, 1, sizeof *made);
    if (made == NULL) {
        return WEIR_E_MEMORY;
    }
    if (whole) {
        add_step(&c, REGEX_ASSERT, REGEX_BEGIN_TEXT);
        if (!find_literals(arena, tree.root, made, &memory) && memory) {
            memory = find_prefix(arena, tree.root, made);
        }
    }
    if (whole) {
        compile(&c, tree.root);
        add_step(&c, REGEX_ASSERT, REGEX_END_TEXT);
    } else { /* found anywhere, earlier positions preferred */
        uint32_t split = add_step(&c, REGEX_SPLIT, 0), jump;

        add_step(&c, REGEX_ANY, REGEX_DOT_ALL);
        jump = add_step(&c, REGEX_JUMP, 0);
        add_step(&c, REGEX_SAVE, 0);
        aim_split(&c, split, false, split + 1, jump + 1);
        if (c.status == WEIR_OK) {
            c.steps[jump].next = split;
        }
        compile(&c, tree.root);
        add_step(&c, REGEX_SAVE, 1);
    }
    add_step(&c, REGEX_MATCH, 0);
    if (!memory || c.status != WEIR_OK) {
        if (c.status == WEIR_E_LIMIT) {
            sink_string(message, "expression too large");
        }
        return memory ? c.status : WEIR_E_MEMORY;
    }
    made->steps = c.steps;
    made->count = c.count;
    made->groups = tree.groups;
    made->names = tree.names;
    *regex = made;
    return WEIR_OK;
}
