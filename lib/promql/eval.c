/*
 * eval.c - evaluation of the nodes that only pass values on, and what all evaluators share.
 *
 * Upstream: promql/engine.go.
 */
#include "promql/eval.h"
#include "promql/gomath.h"

/* ---- shared --------------------------------------------------------------------------------- */

weir_status weir__pq_eval_hold(struct eval *ev, const struct node *node, uint64_t samples)
{
    ev->held += samples;
    if (ev->held > ev->options.max_samples || ev->held < samples) {
        return EVAL_FAIL(ev, WEIR_E_LIMIT, node,
                         {'s', "query processing would load too many samples into memory"});
    }
    return WEIR_OK;
}

struct row *weir__pq_row_add(struct eval *ev, struct matrix *matrix, const struct grid *grid,
                             struct labels labels)
{
    size_t values = (size_t)grid->count * sizeof(double);
    void *rows = matrix->rows;
    struct row *row;

    if (!weir__pq_arena_grow(&ev->arena, &rows, matrix->count, &matrix->room, sizeof *row)) {
        return NULL;
    }
    matrix->rows = rows;
    row = &matrix->rows[matrix->count];
    row->values = arena_take(&ev->arena, values + grid->count);
    if (row->values == NULL) {
        return NULL;
    }
    row->has = (uint8_t *)row->values + values;
    memset(row->has, 0, grid->count);
    row->labels = labels;
    row->count = 0;
    matrix->count++;
    return row;
}

/* Whether all rows have one metric, or none: then they differ also without its name. */
static bool one_metric(const struct matrix *matrix)
{
    const struct row *rows = matrix->rows;

    for (uint32_t i = 1; i < matrix->count; i++) {
        if (rows[i].labels.set->metric != rows[0].labels.set->metric ||
            rows[i].labels.nameless != rows[0].labels.nameless) {
            return false;
        }
    }
    return true;
}

weir_status weir__pq_rows_drop_names(struct eval *ev, const struct grid *grid,
                                     const struct node *node, struct matrix *matrix)
{
    bool differ = one_metric(matrix) && !ev->metadata;

    for (uint32_t i = 0; i < matrix->count; i++) {
        weir_status status = weir__pq_labels_drop_name(ev, &matrix->rows[i].labels);

        if (status != WEIR_OK) {
            return status;
        }
    }
    return differ ? WEIR_OK : weir__pq_rows_unite(ev, grid, node, matrix);
}

weir_status weir__pq_rows_unite(struct eval *ev, const struct grid *grid, const struct node *node,
                                struct matrix *matrix)
{
    /* 2.42 behind these refuses equal labels even if their steps differ. */
    bool whole =
        is_2_42(ev) && (node->kind == NODE_UNARY ||
                        (node->kind == NODE_CALL && node->call.function->class == FUNCTION_RANGE));
    struct label_index index;
    uint32_t kept = 0;

    if (matrix->count < 2) {
        return WEIR_OK;
    }
    weir__pq_index_open(&index, ev, PROJECT_ALL);
    for (uint32_t i = 0; i < matrix->count; i++) {
        struct row *row = &matrix->rows[i], *into;
        uint32_t ordinal = weir__pq_index_of(&index, row->labels);
        bool clash = whole;

        if (ordinal == SYMBOL_NONE) {
            return WEIR_E_MEMORY;
        }
        if (ordinal == kept) {
            matrix->rows[kept++] = *row;
            continue;
        }
        into = &matrix->rows[ordinal];
        for (uint32_t k = 0; k < grid->count && !clash; k++) {
            clash = row->has[k] && into->has[k];
            if (row->has[k]) {
                row_put(into, k, row->values[k]);
            }
        }
        if (clash) {
            return EVAL_FAIL(ev, WEIR_E_RANGE, node,
                             {'s', "vector cannot contain metrics with the same labelset"});
        }
    }
    matrix->count = kept;
    return WEIR_OK;
}

void weir__pq_note(struct eval *ev, int32_t level, const struct node *node, const char *message,
                   struct text about)
{
    enum { NOTES_MAX = 100 };
    struct note *note;
    char text[240];
    struct sink sink = {text, sizeof text, 0};
    struct text copy;

    if (is_2_42(ev)) { /* which knows no notes */
        return;
    }
    for (note = ev->notes; note != NULL; note = note->next) {
        if (note->node == node && note->public.level == level && text_equal(note->about, about)) {
            note->public.times += note->public.times < INT32_MAX;
            return;
        }
    }
    note = ev->note_count < NOTES_MAX ? arena_take(&ev->arena, sizeof *note) : NULL;
    if (note == NULL) { /* a note that finds no room is no error */
        return;
    }
    sink_string(&sink, message);
    if (about.length > 0) {
        sink_string(&sink, ": ");
        weir__pq_sink_quoted(&sink, about);
    }
    copy.length = (uint32_t)(sink.length < sizeof text ? sink.length : sizeof text);
    copy = weir__pq_arena_text(&ev->arena, (struct text){text, copy.length});
    if (copy.at == NULL) {
        return;
    }
    note->public = (weir_promql_note){level, 0, 0, 1, copy.at, copy.length};
    weir__pq_position(ev->expr->source, node->start, &note->public.line, &note->public.column);
    note->node = node;
    note->about = about;
    note->next = ev->notes;
    ev->notes = note;
    ev->note_count++;
}

/* ---- durations and times -------------------------------------------------------------------- */

static weir_status duration_value(struct eval *ev, const struct node *node, double *seconds)
{
    double left = 0, right = 0;
    weir_status status = WEIR_OK;

    if (node->kind == NODE_NUMBER) {
        *seconds = node->number.value;
        return WEIR_OK;
    }
    if (node->duration.left != NULL) {
        status = duration_value(ev, node->duration.left, &left);
    }
    if (status == WEIR_OK && node->duration.right != NULL) {
        status = duration_value(ev, node->duration.right, &right);
    }
    if (status != WEIR_OK) {
        return status;
    }
    switch (node->token) {
    case TOKEN_STEP: *seconds = (double)ev->step / 1000; break;
    case TOKEN_RANGE: *seconds = (double)(ev->end - ev->start) / 1000; break;
    case TOKEN_MAX_OF: *seconds = weir__pq_go_max(left, right); break;
    case TOKEN_MIN_OF: *seconds = weir__pq_go_min(left, right); break;
    case TOKEN_ADD: *seconds = left + right; break;
    case TOKEN_SUB: *seconds = node->duration.left != NULL ? left - right : -right; break;
    case TOKEN_MUL: *seconds = left * right; break;
    case TOKEN_POW: *seconds = weir__pq_go_pow(left, right); break;
    default:
        if (right == 0) {
            return EVAL_FAIL(ev, WEIR_E_RANGE, node, {'s', "division by zero in a duration"});
        }
        *seconds = node->token == TOKEN_DIV ? left / right : weir__pq_go_mod(left, right);
        break;
    }
    return WEIR_OK;
}

weir_status weir__pq_eval_duration(struct eval *ev, const struct node *node, bool negative,
                                   int64_t *ms)
{
    double seconds;
    weir_status status = duration_value(ev, node, &seconds);

    if (status != WEIR_OK) {
        return status;
    }
    if (!(magnitude(seconds) <= 9223372036.0)) {
        return EVAL_FAIL(ev, WEIR_E_RANGE, node, {'s', "a duration is out of range: "},
                         {'d', &seconds}, {'s', " s"});
    }
    if (seconds <= 0 && !negative) {
        return EVAL_FAIL(ev, WEIR_E_RANGE, node, {'s', "a duration must be greater than 0, got "},
                         {'d', &seconds}, {'s', " s"});
    }
    *ms = (int64_t)(seconds * 1000);
    return WEIR_OK;
}

weir_status weir__pq_eval_modifiers(struct eval *ev, const struct modifiers *modifiers,
                                    int64_t *offset, bool *fixed, int64_t *at)
{
    *offset = weir_promql_ms(modifiers->offset_ns);
    *fixed = modifiers->at != AT_NONE;
    *at = modifiers->at == AT_TIME    ? modifiers->at_ms
          : modifiers->at == AT_START ? ev->start
                                      : ev->end;
    return modifiers->offset != NULL ? weir__pq_eval_duration(ev, modifiers->offset, true, offset)
                                     : WEIR_OK;
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static weir_status eval_number(struct eval *ev, const struct grid *grid, double number,
                               struct value *out)
{
    out->type = WEIR_PROMQL_SCALAR;
    out->scalar = arena_array(&ev->arena, grid->count, sizeof *out->scalar);
    if (out->scalar == NULL) {
        return eval_memory(ev);
    }
    for (uint32_t k = 0; k < grid->count; k++) {
        out->scalar[k] = number;
    }
    return WEIR_OK;
}

static weir_status eval_unary(struct eval *ev, const struct grid *grid, const struct node *node,
                              struct value *out)
{
    weir_status status = weir__pq_eval(ev, grid, node->inner, out);

    if (status != WEIR_OK || node->token == TOKEN_ADD) {
        return status;
    }
    if (out->type == WEIR_PROMQL_SCALAR) {
        for (uint32_t k = 0; k < grid->count; k++) {
            out->scalar[k] = -out->scalar[k];
        }
        return WEIR_OK;
    }
    for (uint32_t i = 0; i < out->matrix.count; i++) {
        struct row *row = &out->matrix.rows[i];

        for (uint32_t k = 0; k < grid->count; k++) {
            row->values[k] = row->has[k] ? -row->values[k] : 0;
        }
    }
    return weir__pq_rows_drop_names(ev, grid, node, &out->matrix);
}

static weir_status eval_scalar(struct eval *ev, const struct grid *grid, const struct node *call,
                               struct value *out)
{
    struct value in;
    weir_status status = weir__pq_eval(ev, grid, call->call.args[0], &in);

    status = status == WEIR_OK ? eval_number(ev, grid, NOT_A_NUMBER, out) : status;
    for (uint32_t k = 0; status == WEIR_OK && k < grid->count; k++) {
        uint32_t found = 0;

        for (uint32_t i = 0; i < in.matrix.count && found < 2; i++) {
            if (in.matrix.rows[i].has[k]) {
                out->scalar[k] = in.matrix.rows[i].values[k];
                found++;
            }
        }
        out->scalar[k] = found == 1 ? out->scalar[k] : NOT_A_NUMBER;
    }
    return status;
}

static weir_status eval_vector(struct eval *ev, const struct grid *grid, const struct node *call,
                               struct value *out)
{
    struct value in;
    weir_status status = weir__pq_eval(ev, grid, call->call.args[0], &in);
    struct row *row;

    if (status != WEIR_OK) {
        return status;
    }
    row = weir__pq_row_add(ev, &out->matrix, grid, weir__pq_labels_none());
    if (row == NULL) {
        return eval_memory(ev);
    }
    for (uint32_t k = 0; k < grid->count; k++) {
        row_put(row, k, in.scalar[k]);
    }
    return WEIR_OK;
}

static weir_status eval_absent(struct eval *ev, const struct grid *grid, const struct node *call,
                               struct value *out)
{
    struct value in;
    weir_status status = weir__pq_eval(ev, grid, call->call.args[0], &in);

    return status == WEIR_OK
               ? weir__pq_absent(ev, grid, call->call.args[0], &in.matrix, &out->matrix)
               : status;
}

static weir_status eval_sort(struct eval *ev, const struct grid *grid, const struct node *call,
                             struct value *out)
{
    weir_status status = weir__pq_eval(ev, grid, call->call.args[0], out);
    uint32_t count = out->matrix.count;
    struct ranked *items;
    struct row *rows;

    if (status != WEIR_OK) {
        return status;
    }
    if (grid->end != grid->start) {
        weir__pq_note(
            ev, WEIR_PROMQL_WARNING, call,
            "sort is ineffective for range queries since results always have a fixed order",
            TEXT(""));
        return WEIR_OK;
    }
    items = arena_array(&ev->arena, 2 * (size_t)count, sizeof *items);
    rows = arena_array(&ev->arena, count, sizeof *rows);
    if (items == NULL || rows == NULL) {
        return eval_memory(ev);
    }
    for (uint32_t i = 0; i < count; i++) {
        items[i] = (struct ranked){out->matrix.rows[i].values[0], i};
    }
    weir__pq_sort_ranked(items, items + count, count, call->call.function->id == FN_SORT_DESC);
    for (uint32_t i = 0; i < count; i++) {
        rows[i] = out->matrix.rows[items[i].row];
    }
    out->matrix.rows = rows;
    out->matrix.room = count;
    return WEIR_OK;
}

weir_status weir__pq_eval_own(struct eval *ev, const struct grid *grid, const struct node *call,
                              struct value *out)
{
    weir_status status;

    switch (call->call.function->id) {
    case FN_ABSENT: return eval_absent(ev, grid, call, out);
    case FN_HISTOGRAM_QUANTILE: return weir__pq_eval_histogram_quantile(ev, grid, call, out);
    case FN_LABEL_JOIN: return weir__pq_eval_label_join(ev, grid, call, out);
    case FN_LABEL_REPLACE: return weir__pq_eval_label_replace(ev, grid, call, out);
    case FN_PI: return eval_number(ev, grid, 3.14159265358979323846, out);
    case FN_SCALAR: return eval_scalar(ev, grid, call, out);
    case FN_SORT:
    case FN_SORT_DESC: return eval_sort(ev, grid, call, out);
    case FN_TIMESTAMP: return weir__pq_eval_timestamp(ev, grid, call, out);
    case FN_VECTOR: return eval_vector(ev, grid, call, out);
    default: break;
    }
    status = eval_number(ev, grid, 0, out); /* time() */
    for (uint32_t k = 0; status == WEIR_OK && k < grid->count; k++) {
        out->scalar[k] = (double)grid_time(grid, k) / 1000;
    }
    return status;
}

static weir_status eval_call(struct eval *ev, const struct grid *grid, const struct node *node,
                             struct value *out)
{
    switch (node->call.function->class) {
    case FUNCTION_EACH: return weir__pq_eval_each(ev, grid, node, out);
    case FUNCTION_RANGE: return weir__pq_eval_range_call(ev, grid, node, out);
    case FUNCTION_OWN: return weir__pq_eval_own(ev, grid, node, out);
    default:
        return EVAL_FAIL(ev, WEIR_E_UNSUPPORTED, node, {'s', "weir does not evaluate "},
                         {'s', node->call.function->name}, {'s', "()"});
    }
}

/* What was evaluated at the first step, at all steps. */
static weir_status spread(struct eval *ev, const struct grid *grid, struct value *value)
{
    struct matrix one = value->matrix;
    double scalar = value->type == WEIR_PROMQL_SCALAR ? value->scalar[0] : 0;

    if (value->type == WEIR_PROMQL_SCALAR) {
        return eval_number(ev, grid, scalar, value);
    }
    value->matrix = (struct matrix){0};
    for (uint32_t i = 0; i < one.count; i++) {
        struct row *row;

        if (one.rows[i].count == 0) {
            continue;
        }
        row = weir__pq_row_add(ev, &value->matrix, grid, one.rows[i].labels);
        if (row == NULL) {
            return eval_memory(ev);
        }
        for (uint32_t k = 0; k < grid->count; k++) {
            row_put(row, k, one.rows[i].values[0]);
        }
    }
    return WEIR_OK;
}

/* Rows without a value at any step are none: the order of groups is that of what is there. */
static void drop_empty_rows(struct matrix *matrix)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < matrix->count; i++) {
        if (matrix->rows[i].count > 0) {
            matrix->rows[kept++] = matrix->rows[i];
        }
    }
    matrix->count = kept;
}

static weir_status eval_node(struct eval *ev, const struct grid *grid, const struct node *node,
                             struct value *out)
{
    switch (node->kind) {
    case NODE_NUMBER: return eval_number(ev, grid, node->number.value, out);
    case NODE_UNARY: return eval_unary(ev, grid, node, out);
    case NODE_BINARY: return weir__pq_eval_binary(ev, grid, node, out);
    case NODE_CALL: return eval_call(ev, grid, node, out);
    case NODE_AGGREGATE: return weir__pq_eval_aggregate(ev, grid, node, out);
    case NODE_SELECTOR: return weir__pq_eval_selector(ev, grid, node, out);
    default: /* strings and ranges, which no operator evaluates */
        return EVAL_FAIL(ev, WEIR_E_UNSUPPORTED, node,
                         {'s', "weir does not evaluate a string or a range here"});
    }
}

weir_status weir__pq_eval(struct eval *ev, const struct grid *grid, const struct node *node,
                          struct value *out)
{
    weir_status status;

    node = unwrap(node);
    if (node->still && grid->count > 0 && grid->end != grid->start) {
        struct grid first = {grid->start, grid->start, grid->step, 1};

        status = weir__pq_eval(ev, &first, node, out);
        return status == WEIR_OK ? spread(ev, grid, out) : status;
    }
    memset(out, 0, sizeof *out);
    out->type = WEIR_PROMQL_VECTOR;
    if (grid->count == 0) { /* a subquery whose window meets no step */
        out->type = node->type;
        return WEIR_OK;
    }
    status = eval_node(ev, grid, node, out);
    if (status == WEIR_OK && out->type == WEIR_PROMQL_VECTOR) {
        drop_empty_rows(&out->matrix);
    }
    return status;
}
