/*
 * eval.h - evaluation: values over a grid of times, and who computes them.
 *
 * Every node is evaluated for all steps of its grid at once, an instant being a grid of one step. A
 * vector is then a matrix: rows of one series each, with a value or none at each step.
 */
#ifndef WEIR_PROMQL_EVAL_H
#define WEIR_PROMQL_EVAL_H

#include "promql/store.h"
#include "promql/tree.h"

/* start, start + step, ..., `count` of them up to end, which need not be one */
struct grid {
    int64_t start, end, step;
    uint32_t count;
};

/* The labels of a row: those of a set, or those without __name__. */
struct labels {
    const struct label_set *set;
    bool nameless;
};

struct row {
    struct labels labels;
    double *values;
    uint8_t *has;   /* 1 where there is a value */
    uint32_t count; /* of steps with a value */
};

struct matrix {
    struct row *rows;
    uint32_t count, room;
};

struct value {
    uint8_t type;   /* WEIR_PROMQL_*; a VECTOR is in `matrix` */
    double *scalar; /* one a step */
    struct matrix matrix;
};

struct note {
    weir_promql_note public;
    const struct node *node;
    struct text about;
    struct note *next;
};

struct eval {
    const weir_series_store *store;
    const struct weir_promql_expr *expr;
    weir_promql_options options;
    struct arena arena;       /* all that is computed */
    struct symbols own;       /* texts that the store does not have */
    int64_t start, end, step; /* of the whole query */
    bool metadata;            /* some labels are __type__ or __unit__ */
    struct note *notes;       /* newest first */
    uint32_t note_count;
    uint64_t held; /* samples and points */
    weir_error *err;
};

#define EVAL_FAIL(ev, status, node, ...)                                                           \
    FAIL((ev)->err, status, (ev)->expr->source, (node)->start, __VA_ARGS__)

static inline weir_status eval_memory(struct eval *ev)
{
    return FAIL(ev->err, WEIR_E_MEMORY, (struct text){0}, 0, {'s', "out of memory"});
}

/* Own texts are numbered from here on. */
#define SYMBOL_OWN UINT32_C(0x80000000)

static inline bool is_2_42(const struct eval *ev)
{
    return ev->options.semantics == WEIR_PROMETHEUS_2_42;
}

static inline int64_t grid_time(const struct grid *grid, uint32_t step)
{
    return grid->start + (int64_t)step * grid->step;
}

/* ---- in eval.c ------------------------------------------------------------------------------ */

weir_status weir__pq_eval(struct eval *ev, const struct grid *grid, const struct node *node,
                          struct value *out);

/* Counts what is held; WEIR_E_LIMIT above the option. */
weir_status weir__pq_eval_hold(struct eval *ev, const struct node *node, uint64_t samples);

/* A new row without values. NULL: no memory. The row moves when more are added. */
struct row *weir__pq_row_add(struct eval *ev, struct matrix *matrix, const struct grid *grid,
                             struct labels labels);

static inline void row_put(struct row *row, uint32_t step, double value)
{
    row->values[step] = value;
    row->count += !row->has[step];
    row->has[step] = 1;
}

/* Joins rows with equal labels; WEIR_E_RANGE when two of them have a value at one step. */
weir_status weir__pq_rows_unite(struct eval *ev, const struct grid *grid, const struct node *node,
                                struct matrix *matrix);

/* Takes the names off rows that differ, and joins those that then have equal labels. */
weir_status weir__pq_rows_drop_names(struct eval *ev, const struct grid *grid,
                                     const struct node *node, struct matrix *matrix);

void weir__pq_note(struct eval *ev, int32_t level, const struct node *node, const char *message,
                   struct text about);

/* The value of a duration expression in ms; WEIR_E_RANGE. */
weir_status weir__pq_eval_duration(struct eval *ev, const struct node *node, bool negative,
                                   int64_t *ms);

/* Offset and @: the time to look at is that of the step less *offset, or *fixed less *offset. */
weir_status weir__pq_eval_modifiers(struct eval *ev, const struct modifiers *modifiers,
                                    int64_t *offset, bool *fixed, int64_t *at);

/* ---- in labels.c ---------------------------------------------------------------------------- */

struct text weir__pq_eval_text(const struct eval *ev, uint32_t symbol);
uint32_t weir__pq_eval_find(const struct eval *ev, struct text text); /* SYMBOL_NONE: nowhere */
weir_status weir__pq_eval_symbol(struct eval *ev, struct text text, uint32_t *symbol);

/* What a label may be called: any text, in 2.42 letters, digits and underscores. */
bool weir__pq_label_name_valid(const struct eval *ev, struct text name);

/* Labels that are kept, or all but those that are not. */
struct projection {
    bool keep;
    uint32_t count;
    uint32_t *names;
};

/*
 * The projection of `on`, `by` (keep) or `ignoring`, `without`; the latter also leave out what
 * names the metric. WEIR_E_MEMORY.
 */
weir_status weir__pq_projection(struct eval *ev, const struct labels_list *list, bool keep,
                                struct projection *projection);

/* All labels as they are. */
#define PROJECT_ALL ((struct projection){false, 0, NULL})

uint32_t weir__pq_label_get(struct labels labels, uint32_t name);
bool weir__pq_labels_equal(struct labels a, struct labels b);
uint64_t weir__pq_labels_hash(struct labels labels);
int weir__pq_labels_compare(const struct eval *ev, struct labels a, struct labels b);

/* Without __name__, and in 3.x __type__ and __unit__. WEIR_E_MEMORY. */
weir_status weir__pq_labels_drop_name(struct eval *ev, struct labels *labels);

/* The labels that a projection leaves; set NULL: no memory. */
struct labels weir__pq_labels_project(struct eval *ev, const struct projection *projection,
                                      struct labels labels);

/* With a label set, or removed where the value is SYMBOL_EMPTY; set NULL: no memory. */
struct labels weir__pq_labels_with(struct eval *ev, struct labels labels, uint32_t name,
                                   uint32_t value);

/* The labels without any. */
struct labels weir__pq_labels_none(void);

/* Numbers label sets that a projection makes equal alike, in the order they come. */
struct label_index {
    struct eval *ev;
    struct projection projection;
    struct index_entry {
        uint64_t hash;
        struct labels labels;
    } * entries;
    uint32_t count, room;
    uint32_t *slots; /* entry + 1 */
    uint32_t slot_count;
};

void weir__pq_index_open(struct label_index *index, struct eval *ev, struct projection projection);
/* SYMBOL_NONE: no memory. */
uint32_t weir__pq_index_of(struct label_index *index, struct labels labels);

/* ---- evaluators ----------------------------------------------------------------------------- */

/* The series that matchers select, in storage order. */
weir_status weir__pq_select(struct eval *ev, const struct node *selector, const uint32_t **series,
                            uint32_t *count);

weir_status weir__pq_eval_selector(struct eval *ev, const struct grid *grid,
                                   const struct node *node, struct value *out);
weir_status weir__pq_eval_timestamp(struct eval *ev, const struct grid *grid,
                                    const struct node *call, struct value *out);
weir_status weir__pq_eval_range_call(struct eval *ev, const struct grid *grid,
                                     const struct node *call, struct value *out);
weir_status weir__pq_eval_each(struct eval *ev, const struct grid *grid, const struct node *call,
                               struct value *out);
weir_status weir__pq_eval_own(struct eval *ev, const struct grid *grid, const struct node *call,
                              struct value *out);
weir_status weir__pq_eval_aggregate(struct eval *ev, const struct grid *grid,
                                    const struct node *node, struct value *out);
weir_status weir__pq_eval_binary(struct eval *ev, const struct grid *grid, const struct node *node,
                                 struct value *out);
weir_status weir__pq_eval_histogram_quantile(struct eval *ev, const struct grid *grid,
                                             const struct node *call, struct value *out);
weir_status weir__pq_eval_label_replace(struct eval *ev, const struct grid *grid,
                                        const struct node *call, struct value *out);
weir_status weir__pq_eval_label_join(struct eval *ev, const struct grid *grid,
                                     const struct node *call, struct value *out);

/* absent() and absent_over_time() of an argument that gave `in`. */
weir_status weir__pq_absent(struct eval *ev, const struct grid *grid, const struct node *argument,
                            const struct matrix *in, struct matrix *out);

/* A binary operator on two numbers; *keep: whether a comparison holds. */
double weir__pq_operate(uint8_t token, double left, double right, bool *keep);

/* A value of a row, to be sorted. */
struct ranked {
    double value;
    uint32_t row;
};

/* Sorts ascending or descending, NaN last, equal ones staying in their order. */
void weir__pq_sort_ranked(struct ranked *items, struct ranked *scratch, size_t count,
                          bool descending);

/* Sorts ascending, NaN first. */
void weir__pq_sort_values(double *values, size_t count);

/* The quantile of sorted values; `exact`: a rank on a value is that value. */
double weir__pq_quantile(double q, const double *sorted, size_t count, bool exact);

/* Series whose samples are read by time, at the top of an instant query. */
struct range_rows {
    uint32_t count;
    struct range_row {
        struct labels labels;
        const int64_t *times;
        const double *values;
        size_t count;
    } * rows;
};

/* What a range selector or a subquery selects at one time. */
weir_status weir__pq_eval_range_rows(struct eval *ev, int64_t at, const struct node *node,
                                     struct range_rows *out);

/* One step of a compensated sum (Neumaier): sum and c with x added. */
struct compensated {
    double sum, c;
};

static inline struct compensated add_compensated(double x, struct compensated a)
{
    double t = a.sum + x;

    if (is_inf(t)) {
        a.c = 0;
    } else if (magnitude(a.sum) >= magnitude(x)) {
        a.c += (a.sum - t) + x;
    } else {
        a.c += (x - t) + a.sum;
    }
    a.sum = t;
    return a;
}

/* The same as 2.42 does it, which does not look out for infinities. */
static inline struct compensated add_compensated_2_42(double x, struct compensated a)
{
    double t = a.sum + x;

    a.c += magnitude(a.sum) >= magnitude(x) ? (a.sum - t) + x : (x - t) + a.sum;
    a.sum = t;
    return a;
}

#endif
