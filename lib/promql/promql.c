/*
 * promql.c - evaluation as it is called: options, an instant or a grid of times, and the result in
 * flat arrays.
 */
#include "promql/eval.h"

/* Beyond these, 73 million years, sums of times and durations might overflow. */
#define TIME_MAX (INT64_C(1) << 61)

/* The result with the memory it lies in. */
struct owned_result {
    weir_promql_result public;
    struct arena arena;
};

/* ---- options -------------------------------------------------------------------------------- */

weir_status weir_promql_options_init(weir_promql_options *options, size_t struct_size)
{
    if (options == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size < sizeof *options) {
        return WEIR_E_STRUCT;
    }
    memset(options, 0, struct_size);
    options->struct_size = (uint32_t)struct_size;
    options->semantics = WEIR_PROMETHEUS_3;
    options->lookback_ms = 300000;
    options->subquery_step_ms = 60000;
    options->max_samples = 50000000;
    return WEIR_OK;
}

static weir_status fail(weir_error *err, weir_status status, const char *message)
{
    return FAIL(err, status, (struct text){0}, 0, {'s', message});
}

static weir_status take_options(const weir_promql_options *given, weir_promql_options *options,
                                weir_error *err)
{
    const char *bytes = (const char *)given;

    weir_promql_options_init(options, sizeof *options);
    if (given == NULL) {
        return WEIR_OK;
    }
    if (given->struct_size < sizeof *options) {
        return fail(err, WEIR_E_STRUCT, "options: struct_size is too small");
    }
    for (size_t i = sizeof *options; i < given->struct_size; i++) {
        if (bytes[i] != 0) {
            return fail(err, WEIR_E_STRUCT, "options: fields that this library does not know");
        }
    }
    memcpy(options, given, sizeof *options);
    if (options->semantics != WEIR_PROMETHEUS_3 && options->semantics != WEIR_PROMETHEUS_2_42) {
        return fail(err, WEIR_E_RANGE, "options.semantics must be WEIR_PROMETHEUS_3 or _2_42");
    }
    if (options->lookback_ms <= 0 || options->lookback_ms > TIME_MAX) {
        return fail(err, WEIR_E_RANGE, "options.lookback_ms must be above 0");
    }
    if (options->subquery_step_ms <= 0 || options->subquery_step_ms > TIME_MAX) {
        return fail(err, WEIR_E_RANGE, "options.subquery_step_ms must be above 0");
    }
    if (options->max_samples == 0) {
        return fail(err, WEIR_E_RANGE, "options.max_samples must be above 0");
    }
    return WEIR_OK;
}

/* ---- results -------------------------------------------------------------------------------- */

/* One series of a result, from a row over the grid or from samples at their own times. */
struct piece {
    struct labels labels;
    const struct row *row;
    const struct range_row *samples;
};

struct building {
    struct eval *ev;
    const struct grid *grid;
    struct piece *parts;
    uint32_t count;
    size_t *label_at, *point_at;
    weir_label *labels;
    int64_t *times;
    double *values;
};

static size_t part_points(const struct piece *part)
{
    return part->row != NULL ? part->row->count : part->samples->count;
}

static void sift(struct building *b, uint32_t at, uint32_t count)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        struct piece part = b->parts[at];

        if (child >= count) {
            return;
        }
        child += child + 1 < count && weir__pq_labels_compare(b->ev, b->parts[child].labels,
                                                              b->parts[child + 1].labels) < 0;
        if (weir__pq_labels_compare(b->ev, part.labels, b->parts[child].labels) >= 0) {
            return;
        }
        b->parts[at] = b->parts[child];
        b->parts[child] = part;
        at = child;
    }
}

/* By labels; no two are equal. */
static void sort_parts(struct building *b)
{
    for (uint32_t at = b->count / 2; at > 0; at--) {
        sift(b, at - 1, b->count);
    }
    for (uint32_t end = b->count; end > 1; end--) {
        struct piece part = b->parts[0];

        b->parts[0] = b->parts[end - 1];
        b->parts[end - 1] = part;
        sift(b, 0, end - 1);
    }
}

/* Texts of the store stay where they are; others are copied. */
static bool put_text(struct building *b, struct arena *arena, uint32_t symbol, const char **at,
                     size_t *length)
{
    struct text text = weir__pq_eval_text(b->ev, symbol);

    if ((symbol & SYMBOL_OWN) != 0) {
        text = weir__pq_arena_text(arena, text);
    }
    *at = text.at;
    *length = text.length;
    return text.at != NULL;
}

static bool put_labels(struct building *b, struct arena *arena, uint32_t number, size_t *used)
{
    struct labels labels = b->parts[number].labels;

    b->label_at[number] = *used;
    for (uint32_t i = 0; i < labels.set->count; i++) {
        weir_label *label = &b->labels[*used];

        if (labels.nameless && labels.set->labels[i].name == SYMBOL_NAME) {
            continue;
        }
        if (!put_text(b, arena, labels.set->labels[i].name, &label->name, &label->name_length) ||
            !put_text(b, arena, labels.set->labels[i].value, &label->value, &label->value_length)) {
            return false;
        }
        (*used)++;
    }
    return true;
}

static void put_points(struct building *b, uint32_t number, size_t *used)
{
    const struct piece *part = &b->parts[number];

    b->point_at[number] = *used;
    if (part->row == NULL) {
        memcpy(b->times + *used, part->samples->times, part->samples->count * sizeof *b->times);
        memcpy(b->values + *used, part->samples->values, part->samples->count * sizeof *b->values);
        *used += part->samples->count;
        return;
    }
    for (uint32_t k = 0; k < b->grid->count; k++) {
        if (part->row->has[k]) {
            b->times[*used] = grid_time(b->grid, k);
            b->values[(*used)++] = part->row->values[k];
        }
    }
}

static weir_status put_notes(struct eval *ev, struct owned_result *result)
{
    weir_promql_note *notes = arena_array(&result->arena, ev->note_count, sizeof *notes);
    uint32_t at = ev->note_count;

    if (notes == NULL) {
        return eval_memory(ev);
    }
    for (const struct note *note = ev->notes; note != NULL; note = note->next) {
        struct text message = {note->public.message, (uint32_t)note->public.message_length};

        notes[--at] = note->public;
        message = weir__pq_arena_text(&result->arena, message);
        if (message.at == NULL) {
            return eval_memory(ev);
        }
        notes[at].message = message.at;
    }
    result->public.notes = notes;
    result->public.note_count = ev->note_count;
    return WEIR_OK;
}

/* Copies the parts into flat arrays. */
static weir_status put_parts(struct building *b, struct owned_result *result)
{
    struct arena *arena = &result->arena;
    size_t labels = 0, points = 0;

    for (uint32_t i = 0; i < b->count; i++) {
        labels += b->parts[i].labels.set->count;
        points += part_points(&b->parts[i]);
    }
    b->label_at = arena_array(arena, (size_t)b->count + 1, sizeof *b->label_at);
    b->point_at = arena_array(arena, (size_t)b->count + 1, sizeof *b->point_at);
    b->labels = arena_array(arena, labels, sizeof *b->labels);
    b->times = arena_array(arena, points, sizeof *b->times);
    b->values = arena_array(arena, points, sizeof *b->values);
    if (b->label_at == NULL || b->point_at == NULL || b->labels == NULL || b->times == NULL ||
        b->values == NULL) {
        return eval_memory(b->ev);
    }
    labels = points = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        if (!put_labels(b, arena, i, &labels)) {
            return eval_memory(b->ev);
        }
        put_points(b, i, &points);
    }
    b->label_at[b->count] = labels;
    b->point_at[b->count] = points;
    result->public.series_count = b->count;
    result->public.label_at = b->label_at;
    result->public.labels = b->labels;
    result->public.point_at = b->point_at;
    result->public.times_ms = b->times;
    result->public.values = b->values;
    return WEIR_OK;
}

static weir_status new_result(struct eval *ev, int32_t type, const weir_allocator *allocator,
                              struct owned_result **out)
{
    struct arena arena;
    struct owned_result *result;

    weir__pq_arena_open(&arena, allocator, 1024);
    result = arena_take(&arena, sizeof *result);
    if (result == NULL) {
        return eval_memory(ev);
    }
    memset(result, 0, sizeof *result);
    result->arena = arena;
    result->public.type = type;
    result->public.text = "";
    result->public.samples = ev->held;
    *out = result;
    return WEIR_OK;
}

void weir_promql_result_free(weir_promql_result *result)
{
    if (result != NULL) {
        /* The result is the first member of what owns it. */
        weir__pq_arena_close(&((struct owned_result *)(void *)result)->arena);
    }
}

/* ---- evaluating ----------------------------------------------------------------------------- */

static weir_status parts_of_rows(struct building *b, const struct value *value)
{
    const struct matrix *rows = &value->matrix;
    struct row *scalar;

    if (value->type == WEIR_PROMQL_SCALAR) {
        b->parts = arena_array(&b->ev->arena, 1, sizeof *b->parts);
        scalar = arena_take(&b->ev->arena, sizeof *scalar);
        if (b->parts == NULL || scalar == NULL) {
            return eval_memory(b->ev);
        }
        scalar->labels = weir__pq_labels_none();
        scalar->values = value->scalar;
        scalar->count = b->grid->count;
        scalar->has = arena_take(&b->ev->arena, b->grid->count);
        if (scalar->has == NULL) {
            return eval_memory(b->ev);
        }
        memset(scalar->has, 1, b->grid->count);
        b->parts[0] = (struct piece){scalar->labels, scalar, NULL};
        b->count = 1;
        return WEIR_OK;
    }
    b->parts = arena_array(&b->ev->arena, rows->count, sizeof *b->parts);
    if (b->parts == NULL) {
        return eval_memory(b->ev);
    }
    for (uint32_t i = 0; i < rows->count; i++) {
        if (rows->rows[i].count > 0) {
            b->parts[b->count++] = (struct piece){rows->rows[i].labels, &rows->rows[i], NULL};
        }
    }
    return WEIR_OK;
}

static weir_status parts_of_ranges(struct building *b, const struct node *node, int64_t at)
{
    struct range_rows *ranges = arena_take(&b->ev->arena, sizeof *ranges);
    weir_status status =
        ranges != NULL ? weir__pq_eval_range_rows(b->ev, at, node, ranges) : eval_memory(b->ev);

    if (status != WEIR_OK) {
        return status;
    }
    b->parts = arena_array(&b->ev->arena, ranges->count, sizeof *b->parts);
    if (b->parts == NULL) {
        return eval_memory(b->ev);
    }
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (ranges->rows[i].count > 0) {
            b->parts[b->count++] = (struct piece){ranges->rows[i].labels, NULL, &ranges->rows[i]};
        }
    }
    return WEIR_OK;
}

/* Evaluates and copies; `ranged`: the result is a matrix whatever the expression is. */
static weir_status evaluate(struct eval *ev, const struct grid *grid, bool ranged,
                            const weir_allocator *allocator, struct owned_result **out)
{
    const struct node *root = unwrap(ev->expr->root);
    struct building b = {.ev = ev, .grid = grid};
    struct value value;
    weir_status status;

    if (root->type == WEIR_PROMQL_MATRIX) {
        status = parts_of_ranges(&b, root, grid->start);
    } else if (root->type == WEIR_PROMQL_STRING) {
        status = WEIR_OK;
    } else {
        status = weir__pq_eval(ev, grid, root, &value);
        status = status == WEIR_OK ? parts_of_rows(&b, &value) : status;
    }
    if (status != WEIR_OK) {
        return status;
    }
    if (ranged || root->type == WEIR_PROMQL_MATRIX) {
        sort_parts(&b);
    }
    status = new_result(ev, ranged ? WEIR_PROMQL_MATRIX : root->type, allocator, out);
    if (status != WEIR_OK) {
        return status;
    }
    status = put_parts(&b, *out);
    status = status == WEIR_OK ? put_notes(ev, *out) : status;
    if (status == WEIR_OK && root->type == WEIR_PROMQL_STRING) {
        struct text text = weir__pq_arena_text(&(*out)->arena, root->string);

        (*out)->public.text = text.at;
        (*out)->public.text_length = text.length;
        status = text.at != NULL ? WEIR_OK : eval_memory(ev);
    }
    if (status != WEIR_OK) {
        weir_promql_result_free(&(*out)->public);
    }
    return status;
}

/* The steps of a grid that passed the checks. */
static weir_status check_grid(const struct weir_promql_expr *expr, struct grid *grid,
                              weir_error *err)
{
    int64_t end = grid->end;
    uint64_t steps;

    if (grid->step < 1) {
        return fail(err, WEIR_E_RANGE,
                    "zero or negative query resolution step widths are not accepted");
    }
    if (expr->root->type != WEIR_PROMQL_SCALAR && expr->root->type != WEIR_PROMQL_VECTOR) {
        return fail(err, WEIR_E_RANGE,
                    "invalid expression type for range query, must be scalar or "
                    "instant vector");
    }
    if (end < grid->start) {
        grid->count = 0;
        return WEIR_OK;
    }
    steps = (uint64_t)(end - grid->start) / (uint64_t)grid->step + 1;
    if (steps > INT32_MAX) {
        return fail(err, WEIR_E_LIMIT, "more than 2^31 steps");
    }
    grid->count = (uint32_t)steps;
    return WEIR_OK;
}

static weir_status query(const weir_series_store *store, const weir_promql_expr *expr,
                         struct grid *grid, bool ranged, const weir_promql_options *options,
                         const weir_allocator *allocator, weir_promql_result **result,
                         weir_error *err)
{
    struct eval ev = {.store = store,
                      .expr = expr,
                      .start = grid->start,
                      .end = grid->end,
                      .err = err,
                      .step = ranged ? grid->step : 0};
    struct owned_result *made = NULL;
    weir_status status;

    if (store == NULL || expr == NULL || allocator == NULL || result == NULL) {
        return fail(err, WEIR_E_ARG, "store, expr, allocator and result must not be NULL");
    }
    if (grid->start > TIME_MAX || grid->start < -TIME_MAX || grid->end > TIME_MAX ||
        grid->end < -TIME_MAX || grid->step > TIME_MAX) {
        return fail(err, WEIR_E_RANGE, "a time beyond 73 million years");
    }
    status = take_options(options, &ev.options, err);
    status = status == WEIR_OK && ranged ? check_grid(expr, grid, err) : status;
    if (status != WEIR_OK) {
        return status;
    }
    ev.metadata = weir__pq_first_posting(store, SYMBOL_TYPE) != NULL ||
                  weir__pq_first_posting(store, SYMBOL_UNIT) != NULL;
    weir__pq_arena_open(&ev.arena, allocator, 8192);
    ev.own.arena = &ev.arena;
    status = weir__pq_eval_hold(&ev, expr->root, grid->count);
    status = status == WEIR_OK ? evaluate(&ev, grid, ranged, allocator, &made) : status;
    weir__pq_arena_close(&ev.arena);
    if (status == WEIR_OK) {
        *result = &made->public;
    }
    return status;
}

weir_status weir_promql_instant(const weir_series_store *store, const weir_promql_expr *expr,
                                int64_t at_ms, const weir_promql_options *options,
                                const weir_allocator *allocator, weir_promql_result **result,
                                weir_error *err)
{
    struct grid grid = {at_ms, at_ms, 1, 1};

    return query(store, expr, &grid, false, options, allocator, result, err);
}

weir_status weir_promql_range(const weir_series_store *store, const weir_promql_expr *expr,
                              int64_t start_ms, int64_t end_ms, int64_t step_ms,
                              const weir_promql_options *options, const weir_allocator *allocator,
                              weir_promql_result **result, weir_error *err)
{
    struct grid grid = {start_ms, end_ms, step_ms, 0};

    return query(store, expr, &grid, true, options, allocator, result, err);
}

/* ---- looking at expressions ----------------------------------------------------------------- */

/* Calls a function on each node; stops at the first that does not give WEIR_OK. */
typedef weir_status visitor(const struct node *node, void *user);

static weir_status visit(const struct node *node, visitor *see, void *user)
{
    weir_status status = see(node, user);

    if (status != WEIR_OK) {
        return status;
    }
    switch (node->kind) {
    case NODE_PAREN:
    case NODE_UNARY: return visit(node->inner, see, user);
    case NODE_RANGE:
    case NODE_SUBQUERY: return visit(node->range.inner, see, user);
    case NODE_BINARY:
        status = visit(node->binary.left, see, user);
        return status == WEIR_OK ? visit(node->binary.right, see, user) : status;
    case NODE_AGGREGATE:
        if (node->aggregate.parameter != NULL) {
            status = visit(node->aggregate.parameter, see, user);
        }
        return status == WEIR_OK ? visit(node->aggregate.inner, see, user) : status;
    case NODE_CALL:
        for (uint32_t i = 0; status == WEIR_OK && i < node->call.count; i++) {
            status = visit(node->call.args[i], see, user);
        }
        return status;
    default: return WEIR_OK;
    }
}

struct support {
    struct text source;
    weir_error *err;
};

static weir_status see_support(const struct node *node, void *user)
{
    const struct support *s = user;
    const char *what = NULL;

    if (node->kind == NODE_CALL && node->call.function->class == FUNCTION_NONE) {
        what = node->call.function->name;
    } else if (node->kind == NODE_BINARY &&
               (node->token == TOKEN_TRIM_UPPER || node->token == TOKEN_TRIM_LOWER)) {
        what = weir__pq_token_name(node->token);
    } else if (node->kind == NODE_SELECTOR && node->selector.anchored) {
        what = "anchored";
    } else if (node->kind == NODE_SELECTOR && node->selector.smoothed) {
        what = "smoothed";
    }
    return what == NULL ? WEIR_OK
                        : FAIL(s->err, WEIR_E_UNSUPPORTED, s->source, node->start,
                               {'s', "weir does not evaluate "}, {'s', what});
}

weir_status weir_promql_supported(const weir_promql_expr *expr, weir_error *err)
{
    struct support support;

    if (expr == NULL) {
        return fail(err, WEIR_E_ARG, "expr must not be NULL");
    }
    support = (struct support){expr->source, err};
    return visit(expr->root, see_support, &support);
}

struct search {
    size_t left; /* selectors to pass by */
    size_t seen;
    const struct node *found;
};

static weir_status see_selector(const struct node *node, void *user)
{
    struct search *s = user;

    if (node->kind == NODE_SELECTOR) {
        s->found = s->seen == s->left ? node : s->found;
        s->seen++;
    }
    return WEIR_OK;
}

size_t weir_promql_selector_count(const weir_promql_expr *expr)
{
    struct search search = {SIZE_MAX, 0, NULL};

    if (expr != NULL) {
        visit(expr->root, see_selector, &search);
    }
    return search.seen;
}

weir_status weir_promql_selector(const weir_promql_expr *expr, size_t selector, char *text,
                                 size_t capacity, size_t *need)
{
    struct search search = {selector, 0, NULL};
    struct sink sink = {text, capacity, 0};

    if (expr == NULL || (text == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    visit(expr->root, see_selector, &search);
    if (search.found == NULL) {
        return WEIR_E_ARG;
    }
    weir__pq_print_selector(&sink, search.found);
    weir__pq_sink_close(&sink);
    if (need != NULL) {
        *need = sink.length + 1;
    }
    return sink.length < capacity ? WEIR_OK : WEIR_E_SPACE;
}
