/*
 * eval_binary.c - binary operators: between numbers, between a vector and a number, and between two
 * vectors whose elements are matched by labels.
 *
 * Upstream: promql/engine.go, VectorBinop(), VectorAnd() and their neighbours.
 */
#include "promql/eval.h"
#include "promql/gomath.h"

double weir__pq_operate(uint8_t token, double left, double right, bool *keep)
{
    *keep = true;
    switch (token) {
    case TOKEN_ADD: return left + right;
    case TOKEN_SUB: return left - right;
    case TOKEN_MUL: return left * right;
    case TOKEN_DIV: return left / right;
    case TOKEN_POW: return weir__pq_go_pow(left, right);
    case TOKEN_MOD: return weir__pq_go_mod(left, right);
    case TOKEN_ATAN2: return weir__pq_go_atan2(left, right);
    case TOKEN_EQ: *keep = left == right; break;
    case TOKEN_NEQ: *keep = left != right; break;
    case TOKEN_GT: *keep = left > right; break;
    case TOKEN_LT: *keep = left < right; break;
    case TOKEN_GE: *keep = left >= right; break;
    default: *keep = left <= right; break;
    }
    return left;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static void operate_scalars(const struct grid *grid, const struct node *node, const double *left,
                            const double *right, double *out)
{
    for (uint32_t k = 0; k < grid->count; k++) {
        bool keep;
        double value = weir__pq_operate(node->token, left[k], right[k], &keep);

        out[k] = token_is_comparison(node->token) ? keep : value;
    }
}

/* A vector with a number on its right, or on its left if `swapped`. */
static weir_status operate_vector(struct eval *ev, const struct grid *grid, const struct node *node,
                                  const double *number, bool swapped, struct matrix *rows)
{
    bool compares = token_is_comparison(node->token), gives_bool = node->binary.returns_bool;

    for (uint32_t i = 0; i < rows->count; i++) {
        struct row *row = &rows->rows[i];

        for (uint32_t k = 0; k < grid->count; k++) {
            double mine = row->values[k], value;
            bool keep;

            if (!row->has[k]) {
                continue;
            }
            value = swapped ? weir__pq_operate(node->token, number[k], mine, &keep)
                            : weir__pq_operate(node->token, mine, number[k], &keep);
            if (gives_bool) {
                row->values[k] = keep;
            } else if (keep) {
                row->values[k] = compares ? mine : value;
            } else {
                row->has[k] = 0;
                row->count--;
            }
        }
    }
    return compares && !gives_bool ? WEIR_OK : weir__pq_rows_drop_names(ev, grid, node, rows);
}

/* ---- vectors -------------------------------------------------------------------------------- */

/* Two vectors being matched; `many` is the left one unless there is group_right. */
struct match {
    struct eval *ev;
    const struct grid *grid;
    const struct node *node;
    struct matrix many, one;
    uint32_t *many_key, *one_key; /* rows with equal labels to match by have equal keys */
    uint32_t keys;
    uint32_t *found;            /* row of `one` by key at a step, SYMBOL_NONE: none */
    uint32_t *used;             /* one to one: step + 1 at which a key was matched */
    struct label_index results; /* labels of result rows */
    uint32_t *made;             /* result row of a row of `many`, while its partner stays */
    uint32_t *partner;          /* that partner */
    struct projection kept;     /* one to one: labels of the result */
    uint32_t *include;          /* names that are copied from `one` */
    struct matrix *out;
};

static weir_status key_rows(struct label_index *index, const struct matrix *rows, uint32_t *keys)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        keys[i] = weir__pq_index_of(index, rows->rows[i].labels);
        if (keys[i] == SYMBOL_NONE) {
            return WEIR_E_MEMORY;
        }
    }
    return WEIR_OK;
}

static weir_status open_match(struct match *m)
{
    struct label_index index;
    struct projection projection;
    struct arena *arena = &m->ev->arena;
    weir_status status =
        weir__pq_projection(m->ev, &m->node->binary.matching, m->node->binary.on, &projection);

    m->many_key = arena_array(arena, m->many.count, sizeof *m->many_key);
    m->one_key = arena_array(arena, m->one.count, sizeof *m->one_key);
    if (status != WEIR_OK) {
        return status;
    }
    if (m->many_key == NULL || m->one_key == NULL) {
        return eval_memory(m->ev);
    }
    weir__pq_index_open(&index, m->ev, projection);
    status = key_rows(&index, &m->many, m->many_key);
    status = status == WEIR_OK ? key_rows(&index, &m->one, m->one_key) : status;
    m->keys = index.count;
    return status;
}

/* ---- and, or, unless ------------------------------------------------------------------------ */

/* Marks the keys that rows have at a step. */
static void mark_keys(const struct matrix *rows, const uint32_t *keys, uint32_t step,
                      uint32_t *marks)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        if (rows->rows[i].has[step]) {
            marks[keys[i]] = step + 1;
        }
    }
}

/* Leaves out the values at a step whose key is marked, or is not. */
static void filter_rows(struct matrix *rows, const uint32_t *keys, uint32_t step,
                        const uint32_t *marks, bool marked)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        struct row *row = &rows->rows[i];

        if (row->has[step] && (marks[keys[i]] == step + 1) != marked) {
            row->has[step] = 0;
            row->count--;
        }
    }
}

static weir_status append_rows(struct eval *ev, const struct matrix *from, struct matrix *out)
{
    for (uint32_t i = 0; i < from->count; i++) {
        void *rows = out->rows;

        if (from->rows[i].count == 0) {
            continue;
        }
        if (!weir__pq_arena_grow(&ev->arena, &rows, out->count, &out->room, sizeof *out->rows)) {
            return eval_memory(ev);
        }
        out->rows = rows;
        out->rows[out->count++] = from->rows[i];
    }
    return WEIR_OK;
}

static weir_status operate_sets(struct match *m)
{
    uint32_t *marks;
    weir_status status = open_match(m);

    if (status != WEIR_OK) {
        return status;
    }
    marks = weir__pq_arena_zeroed(&m->ev->arena, (size_t)m->keys + 1, sizeof *marks);
    if (marks == NULL) {
        return eval_memory(m->ev);
    }
    for (uint32_t k = 0; k < m->grid->count; k++) {
        if (m->node->token == TOKEN_OR) {
            mark_keys(&m->many, m->many_key, k, marks);
            filter_rows(&m->one, m->one_key, k, marks, false);
        } else {
            mark_keys(&m->one, m->one_key, k, marks);
            filter_rows(&m->many, m->many_key, k, marks, m->node->token == TOKEN_AND);
        }
    }
    status = append_rows(m->ev, &m->many, m->out);
    if (status == WEIR_OK && m->node->token == TOKEN_OR) {
        status = append_rows(m->ev, &m->one, m->out);
        status = status == WEIR_OK ? weir__pq_rows_unite(m->ev, m->grid, m->node, m->out) : status;
    }
    return status;
}

/* ---- one to one, many to one ----------------------------------------------------------------- */

static weir_status open_results(struct match *m)
{
    const struct labels_list *include = &m->node->binary.include;
    struct arena *arena = &m->ev->arena;
    weir_status status = WEIR_OK;

    m->found = arena_array(arena, (size_t)m->keys + 1, sizeof *m->found);
    m->used = weir__pq_arena_zeroed(arena, (size_t)m->keys + 1, sizeof *m->used);
    m->made = arena_array(arena, m->many.count, sizeof *m->made);
    m->partner = arena_array(arena, m->many.count, sizeof *m->partner);
    m->include = arena_array(arena, include->count, sizeof *m->include);
    if (m->found == NULL || m->used == NULL || m->made == NULL || m->partner == NULL ||
        m->include == NULL) {
        return eval_memory(m->ev);
    }
    for (uint32_t i = 0; i < m->many.count; i++) {
        m->partner[i] = SYMBOL_NONE;
    }
    for (uint32_t i = 0; status == WEIR_OK && i < include->count; i++) {
        status = weir__pq_eval_symbol(m->ev, include->items[i], &m->include[i]);
    }
    weir__pq_index_open(&m->results, m->ev, PROJECT_ALL);
    return status;
}

/* `on`: only its labels. `ignoring`: all but its labels. Neither says anything of the name. */
static weir_status result_projection(struct match *m)
{
    const struct labels_list *matching = &m->node->binary.matching;
    uint32_t *names = arena_array(&m->ev->arena, matching->count, sizeof *names), count = 0;

    if (names == NULL) {
        return eval_memory(m->ev);
    }
    for (uint32_t i = 0; i < matching->count; i++) {
        uint32_t name = weir__pq_eval_find(m->ev, matching->items[i]);

        if (name != SYMBOL_NONE) {
            names[count++] = name;
        }
    }
    m->kept = (struct projection){m->node->binary.on, count, names};
    return WEIR_OK;
}

/* The labels of a result: those of `many`, without the name unless it is a filter. */
static weir_status result_labels(struct match *m, uint32_t many, uint32_t one,
                                 struct labels *labels)
{
    bool filter = token_is_comparison(m->node->token) && !m->node->binary.returns_bool;
    weir_status status = WEIR_OK;

    *labels = m->many.rows[many].labels;
    if (!filter) {
        status = weir__pq_labels_drop_name(m->ev, labels);
    }
    if (status == WEIR_OK && m->node->binary.cardinality == ONE_TO_ONE &&
        (m->kept.keep || m->kept.count > 0)) {
        *labels = weir__pq_labels_project(m->ev, &m->kept, *labels);
    }
    for (uint32_t i = 0; status == WEIR_OK && i < m->node->binary.include.count; i++) {
        if (labels->set != NULL) {
            *labels =
                weir__pq_labels_with(m->ev, *labels, m->include[i],
                                     weir__pq_label_get(m->one.rows[one].labels, m->include[i]));
        }
    }
    return status == WEIR_OK && labels->set == NULL ? eval_memory(m->ev) : status;
}

/* The result row of a pair; rows of a pair that stays together are found at once. */
static weir_status result_row(struct match *m, uint32_t many, uint32_t one, struct row **row)
{
    if (m->partner[many] != one) {
        struct labels labels;
        weir_status status = result_labels(m, many, one, &labels);
        uint32_t made;

        if (status != WEIR_OK) {
            return status;
        }
        made = weir__pq_index_of(&m->results, labels);
        if (made == SYMBOL_NONE ||
            (made == m->out->count && weir__pq_row_add(m->ev, m->out, m->grid, labels) == NULL)) {
            return eval_memory(m->ev);
        }
        m->made[many] = made;
        m->partner[many] = one;
    }
    *row = &m->out->rows[m->made[many]];
    return WEIR_OK;
}

static weir_status find_ones(struct match *m, uint32_t step)
{
    bool right = m->node->binary.cardinality != ONE_TO_MANY;

    memset(m->found, 0xFF, ((size_t)m->keys + 1) * sizeof *m->found);
    for (uint32_t i = 0; i < m->one.count; i++) {
        if (!m->one.rows[i].has[step]) {
            continue;
        }
        if (m->found[m->one_key[i]] != SYMBOL_NONE) {
            return EVAL_FAIL(m->ev, WEIR_E_RANGE, m->node,
                             {'s', "found duplicate series for the match group on the "},
                             {'s', right ? "right" : "left"},
                             {'s', " hand-side of the operation; matching labels must be unique "
                                   "on one side"});
        }
        m->found[m->one_key[i]] = i;
    }
    return WEIR_OK;
}

/*
 * Marks of values that a filter left out while their labels were already taken by it, so that a
 * second one with the same labels is refused as upstream does. 2.42 looks only at what it keeps.
 */
enum { HAS_NONE, HAS_VALUE, HAS_TAKEN };

static weir_status refuse_many(const struct match *m, bool one_to_one)
{
    return EVAL_FAIL(m->ev, WEIR_E_RANGE, m->node, {'s', "multiple matches for labels: "},
                     {'s', one_to_one ? "many-to-one matching must be explicit "
                                        "(group_left/group_right)"
                                      : "grouping labels must ensure unique matches"});
}

static weir_status operate_pair(struct match *m, uint32_t step, uint32_t many, uint32_t one)
{
    bool one_to_one = m->node->binary.cardinality == ONE_TO_ONE;
    bool swapped = m->node->binary.cardinality == ONE_TO_MANY, keep;
    double a = m->many.rows[many].values[step], b = m->one.rows[one].values[step];
    double value = weir__pq_operate(m->node->token, swapped ? b : a, swapped ? a : b, &keep);
    uint32_t key = m->many_key[many];
    struct row *row = NULL;
    weir_status status;

    if (m->node->binary.returns_bool) {
        value = keep;
        keep = true;
    }
    if (!keep && is_2_42(m->ev)) {
        return WEIR_OK;
    }
    if (one_to_one && m->used[key] == step + 1) {
        return refuse_many(m, true);
    }
    m->used[key] = step + 1;
    status = result_row(m, many, one, &row);
    if (status != WEIR_OK) {
        return status;
    }
    if (row->has[step] != HAS_NONE && !one_to_one) {
        return refuse_many(m, false);
    }
    if (!keep) {
        row->has[step] = one_to_one ? row->has[step] : HAS_TAKEN;
        return WEIR_OK;
    }
    if (row->has[step] == HAS_VALUE) {
        return EVAL_FAIL(m->ev, WEIR_E_RANGE, m->node,
                         {'s', "vector cannot contain metrics with the same labelset"});
    }
    row_put(row, step, value);
    return WEIR_OK;
}

static weir_status operate_step(struct match *m, uint32_t step)
{
    weir_status status;
    bool any = false;

    for (uint32_t i = 0; i < m->many.count && !any; i++) {
        any = m->many.rows[i].has[step] != 0;
    }
    if (!any) { /* nothing is going to match: then duplicates do not matter either */
        return WEIR_OK;
    }
    status = find_ones(m, step);
    for (uint32_t i = 0; status == WEIR_OK && i < m->many.count; i++) {
        if (m->many.rows[i].has[step] && m->found[m->many_key[i]] != SYMBOL_NONE) {
            status = operate_pair(m, step, i, m->found[m->many_key[i]]);
        }
    }
    return status;
}

static weir_status operate_vectors(struct match *m)
{
    uint32_t kept = 0;
    weir_status status = open_match(m);

    status = status == WEIR_OK ? open_results(m) : status;
    status = status == WEIR_OK ? result_projection(m) : status;
    for (uint32_t k = 0; status == WEIR_OK && k < m->grid->count; k++) {
        status = operate_step(m, k);
    }
    for (uint32_t i = 0; status == WEIR_OK && i < m->out->count; i++) {
        struct row *row = &m->out->rows[i];

        for (uint32_t k = 0; k < m->grid->count; k++) {
            row->has[k] = row->has[k] == HAS_VALUE;
        }
        if (row->count > 0) {
            m->out->rows[kept++] = *row;
        }
    }
    m->out->count = kept;
    return status;
}

/* ---- the operator --------------------------------------------------------------------------- */

weir_status weir__pq_eval_binary(struct eval *ev, const struct grid *grid, const struct node *node,
                                 struct value *out)
{
    struct value left, right;
    struct match match = {.ev = ev, .grid = grid, .node = node, .out = &out->matrix};
    weir_status status;

    if (node->token == TOKEN_TRIM_UPPER || node->token == TOKEN_TRIM_LOWER) {
        return EVAL_FAIL(ev, WEIR_E_UNSUPPORTED, node,
                         {'s', "weir does not evaluate the operator "},
                         {'s', weir__pq_token_name(node->token)});
    }
    status = weir__pq_eval(ev, grid, node->binary.left, &left);
    status = status == WEIR_OK ? weir__pq_eval(ev, grid, node->binary.right, &right) : status;
    if (status != WEIR_OK) {
        return status;
    }
    if (left.type == WEIR_PROMQL_SCALAR && right.type == WEIR_PROMQL_SCALAR) {
        operate_scalars(grid, node, left.scalar, right.scalar, left.scalar);
        *out = left;
        return WEIR_OK;
    }
    if (left.type == WEIR_PROMQL_SCALAR || right.type == WEIR_PROMQL_SCALAR) {
        bool swapped = left.type == WEIR_PROMQL_SCALAR;

        *out = swapped ? right : left;
        return operate_vector(ev, grid, node, swapped ? left.scalar : right.scalar, swapped,
                              &out->matrix);
    }
    match.many = left.matrix;
    match.one = right.matrix;
    if (node->binary.cardinality == ONE_TO_MANY) {
        match.many = right.matrix;
        match.one = left.matrix;
    }
    return token_is_set_operator(node->token) ? operate_sets(&match) : operate_vectors(&match);
}
