/*
 * replaying_metrics.c - a load of metrics for an HPA: columns of one or more files, merged in order
 * of time.
 *
 * Object and External metrics are what was recorded, whatever is decided. Metrics of pods answer to
 * the replay's pods: what all recorded pods had together is shared by those that are ready,
 *
 *   usage of a pod = recorded usage x recorded pods / ready pods
 *
 * where the product is a column of totals, a column of averages times --replicas, or the sum over
 * single pods, that have a column or a row each.
 */
#include "feeds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- opening -------------------------------------------------------------------------------- */

static int bind_metric(struct replaying *r, int32_t series)
{
    struct feeds *f = r->feeds;
    const char *owner = r->outcome.item->name;
    const weir_hpa_metric *metric = &f->config.metrics[series];
    const struct asked_series asked = {&r->request, r->outcome.kind, r->outcome.config, owner,
                                       (uint32_t)series};
    const char *list = column_for(&asked);
    int asks = list == NULL ? asking_bind(r, &asked) : 0;
    int found = list == NULL && asks == 0 ? feeds_find(f, metric->name, series) : -1;

    if (asks != 0) {
        return asks > 0 ? EXIT_FINE : EXIT_INPUT;
    }
    if (list != NULL) {
        int code = feeds_find_list(f, list, series);

        if (code != EXIT_FINE) {
            return code;
        }
    } else if (found < 0) {
        return EXIT_INPUT;
    } else if (found == 0 && request_asks(&r->request)) {
        complain("%s: %s (%s) has no query of its own: give it one with --query %s=PROMQL, or a "
                 "column with --load FILE.csv --metric %s=COLUMN",
                 owner, metric->name, hpa_source_name(metric), metric->name, metric->name);
        feeds_complain_missing(f, metric->name);
        return EXIT_INPUT;
    } else if (found == 0) {
        complain("%s: there is no series for its metric %s (%s); say which with --metric %s=COLUMN",
                 owner, metric->name, hpa_source_name(metric), metric->name);
        feeds_complain_missing(f, metric->name);
        return EXIT_INPUT;
    }
    if (f->metrics[series].columns > 1 && metric->source == WEIR_HPA_OBJECT) {
        complain("%s: %s is one value of one object, and cannot have several columns", owner,
                 metric->name);
        return EXIT_USAGE;
    }
    return EXIT_FINE;
}

/* Whether the values of a metric are single pods'. */
static int has_single_pods(const struct feeds *f, int32_t series)
{
    if (!hpa_is_per_pod(&f->config.metrics[series])) {
        return 0;
    }
    for (size_t i = 0; i < f->column_count; i++) {
        if (f->columns[i].series == series && f->columns[i].feed->pod_column >= 0) {
            return 1;
        }
    }
    return f->metrics[series].columns > 1;
}

static int bind_replicas(struct replaying *r)
{
    struct feeds *f = r->feeds;
    const char *word = r->request.replicas;
    struct csv_field field = {word, word != NULL ? strlen(word) : 0, 1};
    int found;

    f->replicas = (double)NAN;
    if (word == NULL) {
        return EXIT_FINE;
    }
    f->has_replicas = 1;
    found = feeds_find(f, word, -1);
    if (found != 0) {
        return found > 0 ? EXIT_FINE : EXIT_INPUT;
    }
    if (csv_number(&field, &f->replicas) && f->replicas >= 1 && f->replicas <= INT32_MAX) {
        f->constant_replicas = 1;
        return EXIT_FINE;
    }
    complain("--replicas takes a column, or a number of at least 1, not %s", word);
    feeds_complain_missing(f, word);
    return EXIT_USAGE;
}

static int open_feed(struct replaying *r, const char *path)
{
    struct feeds *f = r->feeds;
    struct feed *feed = &f->list[f->count];
    int code = open_csv(r, path, &feed->time_column);

    feed->path = path;
    feed->csv = r->csv;
    f->count += r->csv != NULL;
    if (code == EXIT_FINE) {
        feed->pod_column = csv_find(feed->csv, r->request.pod != NULL ? r->request.pod : "pod");
        if (feed->pod_column == -2) {
            complain("%s", csv_message(feed->csv));
            code = EXIT_INPUT;
        }
    }
    return code;
}

static int check_pod_column(const struct replaying *r)
{
    struct feeds *f = r->feeds;

    if (f->count == 0) {
        return EXIT_FINE;
    }
    for (size_t i = 0; i < f->count; i++) {
        if (r->request.pod == NULL || f->list[i].pod_column >= 0) {
            return EXIT_FINE;
        }
    }
    feeds_complain_missing(f, r->request.pod);
    return EXIT_INPUT;
}

static int open_all(struct replaying *r)
{
    const struct words *loads = &r->request.loads;
    int code = EXIT_FINE;
    uint32_t count;

    r->feeds = calloc(1, sizeof *r->feeds);
    if (r->feeds == NULL) {
        complain("there is no memory left");
        return EXIT_INPUT;
    }
    count = r->outcome.kind->series(r->outcome.config, &r->feeds->config);
    if (count == 0) {
        complain("%s has no metrics to replay", r->outcome.item->name);
        return EXIT_INPUT;
    }
    r->outcome.series = weir_autoscaler_series_name(r->autoscaler, 0);
    for (size_t i = 0; i < loads->count && code == EXIT_FINE; i++) {
        code = open_feed(r, loads->list[i]);
    }
    if (code == EXIT_FINE) {
        code = check_pod_column(r);
    }
    if (code == EXIT_FINE) {
        code = bind_replicas(r);
    }
    for (uint32_t i = 0; i < count && code == EXIT_FINE; i++) {
        code = bind_metric(r, (int32_t)i);
        r->feeds->metrics[i].single_pods = has_single_pods(r->feeds, (int32_t)i);
        r->readings[i].status = WEIR_NO_DATA;
    }
    return code;
}

static void close_all(struct replaying *r)
{
    if (r->feeds != NULL) {
        asking_close(&r->feeds->asking);
    }
    for (size_t i = 0; r->feeds != NULL && i < r->feeds->count; i++) {
        csv_close(r->feeds->list[i].csv);
    }
    free(r->feeds);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* Goes to the next row of a file, unless one is at hand; as source.next. */
static int fetch(struct replaying *r, struct feed *feed)
{
    const struct csv_field *field;
    const char *expected;
    int more;

    if (feed->has_row || feed->ended) {
        return 1;
    }
    r->csv = feed->csv;
    more = csv_next(feed->csv);
    if (more != 1) {
        feed->ended = more == 0 || more == -2;
        return more == 0 ? 1 : more;
    }
    field = csv_get(feed->csv, feed->time_column);
    expected = read_time(field, &feed->at, feed->has_last, feed->last, feed->pod_column >= 0);
    if (expected != NULL) {
        csv_complain(feed->csv, field, expected);
        return -1;
    }
    if (feed->has_last && feed->at - feed->last > r->request.replay.hold &&
        feed->last >= r->request.from && feed->at <= r->request.to) {
        note_gap(r, field, feed->at - feed->last);
    }
    feed->has_row = 1;
    feed->has_last = 1;
    feed->last = feed->at;
    return 1;
}

/* Whether a pod has not had a row at this time yet; remembers it. */
static int is_new_pod(struct feeds *f, const struct feed *feed)
{
    const struct csv_field *name = csv_get(feed->csv, feed->pod_column);
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)(feed - f->list);
    size_t place;

    for (size_t i = 0; i < name->length; i++) {
        hash = (hash ^ (unsigned char)name->text[i]) * UINT64_C(0x100000001b3);
    }
    if (f->pod_count == PODS_MAX / 2) {
        return 1; /* so many are not looked at */
    }
    for (place = hash % PODS_MAX; f->stamps[place] == f->stamp; place = (place + 1) % PODS_MAX) {
        if (f->pods[place] == hash) {
            return 0;
        }
    }
    f->pods[place] = hash;
    f->stamps[place] = f->stamp;
    f->pod_count++;
    return 1;
}

static int read_replicas(struct feeds *f, const struct column *c)
{
    const struct csv_field *field = csv_get(c->feed->csv, c->column);

    f->replicas = (double)NAN;
    if (field->length == 0) {
        return 1;
    }
    if (!csv_number(field, &f->replicas) || !(f->replicas >= 0) || f->replicas > INT32_MAX) {
        csv_complain(c->feed->csv, field, "a number of pods was expected");
        return 0;
    }
    return 1;
}

/* Adds the row at hand to what is known of its time. 0 when it is bad. */
static int gather_row(struct feeds *f, struct feed *feed)
{
    if (feed->pod_column >= 0 && csv_get(feed->csv, feed->pod_column)->length == 0) {
        csv_complain(feed->csv, csv_get(feed->csv, feed->pod_column), "a pod's name was expected");
        return 0;
    }
    if (feed->pod_column >= 0 && !is_new_pod(f, feed)) {
        csv_complain(feed->csv, csv_get(feed->csv, feed->pod_column),
                     "one row of each pod at a time was expected");
        return 0;
    }
    for (size_t i = 0; i < f->column_count; i++) {
        const struct column *c = &f->columns[i];
        const struct csv_field *field;
        struct metric *m;
        double value;

        if (c->feed != feed) {
            continue;
        }
        if (c->series < 0) {
            if (!read_replicas(f, c)) {
                return 0;
            }
            continue;
        }
        m = &f->metrics[c->series];
        m->rows++;
        field = csv_get(feed->csv, c->column);
        if (field->length == 0) {
            continue; /* no value */
        }
        if (is_word("error", field->text, field->length)) {
            m->failed = 1;
            continue;
        }
        if (!csv_number(field, &value) || !(fabs(value) <= 1e300)) {
            csv_complain(feed->csv, field,
                         "a number was expected, nothing where there is none, or error");
            return 0;
        }
        m->sum += value;
        m->values++;
    }
    return 1;
}

static void begin(struct feeds *f, weir_time at)
{
    f->gathering = 1;
    f->at = at;
    for (size_t i = 0; i < WEIR_HPA_METRICS_MAX; i++) {
        f->metrics[i].sum = 0.0;
        f->metrics[i].values = 0;
        f->metrics[i].failed = 0;
        f->metrics[i].rows = 0;
    }
    f->pod_count = 0;
    if (++f->stamp == 0) { /* after four billion of them */
        memset(f->stamps, 0, sizeof f->stamps);
        f->stamp = 1;
    }
}

/* What all recorded pods, or the object, or the external series, had together. */
static double total_of(const struct feeds *f, size_t series)
{
    const struct metric *m = &f->metrics[series];

    if (m->values == 0 || m->failed) {
        return (double)NAN;
    }
    if (!hpa_is_per_pod(&f->config.metrics[series]) || !f->has_replicas) {
        return m->sum;
    }
    return m->single_pods ? m->sum / (double)m->values * f->replicas : m->sum * f->replicas;
}

/* The time at hand is complete. */
static void complete(struct replaying *r)
{
    struct feeds *f = r->feeds;

    f->gathering = 0;
    f->fresh_count = 0;
    for (size_t i = 0; i < f->config.metric_count; i++) {
        double total = total_of(f, i) * r->request.scale;
        int is_value = isfinite(total);

        if (f->metrics[i].rows > 0) {
            r->readings[i] = (weir_reading){
                f->at, (int32_t)i,
                -1,    is_value ? WEIR_OK : f->metrics[i].failed ? WEIR_E_IO : WEIR_NO_DATA,
                0,     is_value ? total : 0.0};
            f->fresh[f->fresh_count++] = r->readings[i];
        }
    }
}

/* The file whose row comes first; NULL: there is none. */
static struct feed *first_of(struct feeds *f)
{
    struct feed *first = NULL;

    for (size_t i = 0; i < f->count; i++) {
        struct feed *feed = &f->list[i];

        if (feed->has_row && (first == NULL || feed->at < first->at)) {
            first = feed;
        }
    }
    return first;
}

static int next(struct replaying *r, weir_time *at)
{
    struct feeds *f = r->feeds;

    for (;;) {
        weir_time asked = asking_next(&f->asking), when;
        struct feed *first;

        for (size_t i = 0; i < f->count; i++) {
            int more = fetch(r, &f->list[i]);

            if (more < 0) {
                return more;
            }
        }
        first = first_of(f);
        when = first != NULL && first->at < asked ? first->at : asked;
        if (f->gathering && when > f->at) {
            complete(r);
            *at = f->at;
            return 1;
        }
        if (when == WEIR_TIME_NEVER) {
            return 0;
        }
        if (!f->gathering) {
            begin(f, when);
        }
        if (when == asked) {
            if (asking_gather(f) != EXIT_FINE) {
                return -3;
            }
            continue;
        }
        r->csv = first->csv;
        first->has_row = 0;
        if (!gather_row(f, first)) {
            return -1;
        }
    }
}

static weir_status take(struct replaying *r, weir_time at)
{
    struct outcome *o = &r->outcome;
    struct feeds *f = r->feeds;
    weir_status status = WEIR_OK;

    if (f->fresh_count > 0) {
        status = weir_replay_record(r->replay, r->autoscaler, f->fresh, f->fresh_count);
    }
    if (status == WEIR_OK) {
        r->moment.load = r->readings[0].value;
        r->has_load = r->readings[0].status == WEIR_OK;
        if (at > o->last && o->rows > 0 && (r->step == 0 || at - o->last < r->step)) {
            r->step = at - o->last;
        }
    }
    return status;
}

static int32_t initial(const struct replaying *r)
{
    const struct feeds *f = r->feeds;

    return f->has_replicas && isfinite(f->replicas) ? (int32_t)(f->replicas + 0.5) : -1;
}

const struct source metrics_source = {.open = open_all,
                                      .next = next,
                                      .take = take,
                                      .finish = let_stand,
                                      .describe = feeds_describe,
                                      .initial = initial,
                                      .close = close_all};
