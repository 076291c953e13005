/*
 * weir/prometheus.h - what Prometheus and its neighbours write, to series.
 *
 * Two ways in. A reader takes any of the formats below chunk by chunk, in memory that depends on
 * the longest line and not on the file, and gives its samples one by one or puts them into a
 * series store (weir/promql.h). A reply of the HTTP API is read whole (weir_api_reply_parse), with
 * its status, warnings and result type, for who asks a server.
 *
 * Numbers are those of the programs that read these formats otherwise: Go's ParseFloat, rounded
 * once, whatever the locale. Times are Prometheus' own, integer milliseconds since the Unix epoch,
 * in names that end in _ms. Errors name line, column and what was expected; what was given before
 * the error stays good.
 *
 * An adapter, in a library of its own (weir_prometheus, weir::prometheus): it does no I/O, and
 * reads JSON with cJSON, which takes its memory from malloc whatever the allocator.
 *
 * Upstream: github.com/prometheus/prometheus model/textparse/ (server 3.16),
 * github.com/prometheus/client_golang api/, promtool, VictoriaMetrics' /api/v1/export.
 */
#ifndef WEIR_PROMETHEUS_H
#define WEIR_PROMETHEUS_H

#include <weir/base.h>
#include <weir/promql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- formats -------------------------------------------------------------------------------- */

/** What a reader reads. Values are never reused or renumbered. */
enum {
    WEIR_FORMAT_DETECT = 0,           /**< find out from the beginning of the input */
    WEIR_FORMAT_TEXT = 1,             /**< exposition text 0.0.4 and 1.0.0, /federate */
    WEIR_FORMAT_OPENMETRICS = 2,      /**< OpenMetrics text 1.0 */
    WEIR_FORMAT_API_JSON = 3,         /**< a reply of the HTTP API, or the list of its result */
    WEIR_FORMAT_TSDB_DUMP = 4,        /**< promtool tsdb dump */
    WEIR_FORMAT_DUMP_OPENMETRICS = 5, /**< promtool tsdb dump-openmetrics */
    WEIR_FORMAT_VM_EXPORT = 6,        /**< VictoriaMetrics' JSON lines */
    WEIR_FORMAT_CSV = 7,              /**< a row a sample, or a column a series (Grafana) */
    WEIR_FORMAT_RECORDING = 8         /**< of weir record: a head, then JSON lines */
};

/** Longest line that is read, in bytes; a label value of the text format may hold line breaks. */
#define WEIR_SERIES_LINE_MAX 67108864
/** Longest reply of the HTTP API that is read, in bytes. */
#define WEIR_API_REPLY_MAX 268435456
/** Most labels of a series, its name included. */
#define WEIR_SERIES_LABELS_MAX 4096

/** "text", "openmetrics", "api-json", "tsdb-dump", ...; static text, "" for what is no format. */
WEIR_API const char *weir_series_format_name(int32_t format);

/**
 * Which parser a scrape's Content-Type selects, by the rules of a 3.16 server without fallback.
 *
 * @param content_type  the header's value, NUL-terminated
 * @param format        set to WEIR_FORMAT_TEXT or WEIR_FORMAT_OPENMETRICS
 * @return WEIR_OK; WEIR_E_UNSUPPORTED for a type that a server refuses to scrape, "" included;
 *         WEIR_E_PARSE for what is no media type; WEIR_E_ARG
 * Upstream: model/textparse/interface.go, extractMediaType().
 */
WEIR_API weir_status weir_series_format_of_content_type(const char *content_type, int32_t *format,
                                                        weir_error *err);

/**
 * Finds out the format of an input from its beginning.
 *
 * @param length  bytes that are there
 * @param whole   1: there are no more; 0: there may be
 * @param format  set to WEIR_FORMAT_*
 * @return WEIR_OK; WEIR_END when more bytes are needed; WEIR_E_UNSUPPORTED with what it looks like
 *         when it is none; WEIR_E_ARG
 */
WEIR_API weir_status weir_series_format_detect(const char *text, size_t length, int32_t whole,
                                               int32_t *format, weir_error *err);

/* ---- reader --------------------------------------------------------------------------------- */

/** Types of metrics, as TYPE lines say them. */
enum {
    WEIR_METRIC_UNKNOWN = 0,
    WEIR_METRIC_COUNTER = 1,
    WEIR_METRIC_GAUGE = 2,
    WEIR_METRIC_HISTOGRAM = 3,
    WEIR_METRIC_GAUGE_HISTOGRAM = 4,
    WEIR_METRIC_SUMMARY = 5,
    WEIR_METRIC_INFO = 6,
    WEIR_METRIC_STATESET = 7
};

/** "unknown", "counter", "gauge", ...; static text, "" for what is no type. */
WEIR_API const char *weir_metric_type_name(int32_t type);

/** What an entry is. */
enum {
    WEIR_ENTRY_SAMPLE = 1,
    WEIR_ENTRY_TYPE = 2,
    WEIR_ENTRY_HELP = 3,
    WEIR_ENTRY_UNIT = 4,
    WEIR_ENTRY_COMMENT = 5 /**< any other line that begins with #; of a recording a line that has no
                                samples, and a last one that is cut off */
};

/** An example of a measurement, beside a sample of OpenMetrics. */
typedef struct weir_exemplar {
    const weir_label *labels;
    size_t label_count;
    double value;
    int64_t time_ms;  /**< 0 unless has_time */
    int32_t has_time; /**< 0 or 1 */
    int32_t reserved; /**< 0 */
} weir_exemplar;

/** One line of an input, or one sample of it; its texts are good until the reader is used again. */
typedef struct weir_entry {
    int32_t kind; /**< WEIR_ENTRY_* */
    int32_t line; /**< 1-based line of the input where it begins */

    /* of a sample */
    const weir_label *labels; /**< in the input's order, the metric's name as __name__; a name may
                                   be there twice, which a store refuses */
    size_t label_count;
    double value;         /**< the bits of a NaN are those of an ordinary one, or of the
                               staleness marker */
    int64_t time_ms;      /**< the default time unless has_time */
    int32_t has_time;     /**< 1: the input has a time for it */
    int32_t same_series;  /**< 1: the labels are known to be those of the sample before */
    int32_t has_exemplar; /**< 0 or 1 */

    /* of what describes a metric */
    int32_t metric_type; /**< WEIR_METRIC_*, of a TYPE line */
    const char *name;    /**< of the metric */
    size_t name_length;
    const char *text; /**< the help, the unit, or the whole comment */
    size_t text_length;

    weir_exemplar exemplar;
} weir_entry;

/** How to read. Start from weir_series_reader_options_init(). */
typedef struct weir_series_reader_options {
    uint32_t struct_size;
    int32_t format;          /**< WEIR_FORMAT_*, WEIR_FORMAT_DETECT */
    int32_t nan_is_stale;    /**< 1: a NaN is a staleness marker; 0: it is not; -1: it is in the
                                  formats that write markers so, the two dumps and VictoriaMetrics';
                                  a recording tells them apart */
    int32_t reserved;        /**< 0 */
    int64_t default_time_ms; /**< of samples without a time; INT64_MIN: there is none, and loading
                                  such a sample is an error */
} weir_series_reader_options;

/** Writes the defaults. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_series_reader_options_init(weir_series_reader_options *options,
                                                     size_t struct_size);

/** Reads one input. */
typedef struct weir_series_reader weir_series_reader;

/**
 * Makes a reader.
 * @param options    NULL: the defaults
 * @param allocator  used until the reader is freed; copied
 * @return WEIR_OK; WEIR_E_RANGE, WEIR_E_STRUCT: bad options; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_series_reader_create(const weir_series_reader_options *options,
                                               const weir_allocator *allocator,
                                               weir_series_reader **reader, weir_error *err);

/** Frees a reader; NULL is allowed. */
WEIR_API void weir_series_reader_free(weir_series_reader *reader);

/**
 * Gives the reader the next bytes of the input, of any number; they are copied. Take all entries
 * between two chunks: the reader holds what was not taken.
 * @return WEIR_OK; WEIR_E_LIMIT when a line, or a reply, is too long; WEIR_E_MEMORY; WEIR_E_ARG,
 *         also after weir_series_reader_finish()
 */
WEIR_API weir_status weir_series_reader_feed(weir_series_reader *reader, const char *bytes,
                                             size_t length, weir_error *err);

/** Says that the input has ended. @return as weir_series_reader_feed() */
WEIR_API weir_status weir_series_reader_finish(weir_series_reader *reader, weir_error *err);

/**
 * Takes the next entry. Comments, and help, types and units where the format has them, are entries
 * too.
 *
 * @return WEIR_OK; WEIR_END when there is none: feed more, or, after weir_series_reader_finish(),
 *         stop; WEIR_E_UNSUPPORTED for a native histogram of a dump or a reply, after which reading
 *         may go on; an error of the input (WEIR_E_PARSE, WEIR_E_RANGE, WEIR_E_LIMIT,
 *         WEIR_E_UNSUPPORTED for a format that is none), which every further call gives again;
 *         WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_series_reader_next(weir_series_reader *reader, weir_entry *entry,
                                             weir_error *err);

/** The format: as it was set, or found; WEIR_FORMAT_DETECT while it is not known. */
WEIR_API int32_t weir_series_reader_format(const weir_series_reader *reader);

/** What loading did. */
typedef struct weir_series_counts {
    uint64_t samples;     /**< in the input, those left out not counted */
    uint64_t stale;       /**< of them staleness markers */
    uint64_t refused;     /**< left out: not later than the series' newest, and not the same */
    uint64_t histograms;  /**< left out: native histograms */
    int32_t refused_line; /**< line of the first of either, 0: none */
    int32_t reserved;     /**< 0 */
} weir_series_counts;

/**
 * Takes all entries that are there and puts the samples into a store. Within a series they must be
 * in order of time; those that are not are left out and counted.
 *
 * @param counts  added to; may be NULL
 * @return WEIR_END when all was taken: feed more, or stop; else as weir_series_reader_next(), and
 *         WEIR_E_RANGE for labels that are no series, or a sample without a time where no default
 *         was set
 */
WEIR_API weir_status weir_series_reader_load(weir_series_reader *reader, weir_series_store *store,
                                             weir_series_counts *counts, weir_error *err);

/**
 * Copies series with the staleness markers that a server had and does not hand out: where a series
 * has a sample at one scrape of its target and none at the next, it ended there. The scrapes are
 * the samples of `up` with the same `job` and `instance`; series without such labels, or whose
 * samples have times of their own, are copied as they are.
 *
 * @param from  not changed
 * @param to    an empty store; what it has after an error is of no use
 * @param marked  set to the number of markers; may be NULL
 * @return WEIR_OK; WEIR_E_MEMORY, WEIR_E_LIMIT; WEIR_E_ARG, also when `to` is not empty
 * Upstream: scrape/scrape.go, which writes the markers.
 */
WEIR_API weir_status weir_series_mark_stale(const weir_series_store *from, weir_series_store *to,
                                            const weir_allocator *allocator, uint64_t *marked,
                                            weir_error *err);

/* ---- replies of the HTTP API ---------------------------------------------------------------- */

/** What a reply is. */
enum {
    WEIR_API_SUCCESS = 0,      /**< there is a result */
    WEIR_API_ERROR = 1,        /**< the server says what went wrong: error_type, error */
    WEIR_API_CLIENT_ERROR = 2, /**< an HTTP status 4xx beside 400 and 422, or without a body that
                                    says more; error_type and error are filled when the body has
                                    them */
    WEIR_API_SERVER_ERROR = 3, /**< an HTTP status 5xx, in the same way: worth another try */
    WEIR_API_BAD_RESPONSE = 4  /**< no reply of this API: truncated, HTML of a proxy, a redirect */
};

/** Why a native histogram's bucket includes its bounds or not. */
enum {
    WEIR_BUCKET_OPEN_LEFT = 0,  /**< (lower, upper] */
    WEIR_BUCKET_OPEN_RIGHT = 1, /**< [lower, upper) */
    WEIR_BUCKET_OPEN_BOTH = 2,
    WEIR_BUCKET_CLOSED_BOTH = 3 /**< the zero bucket */
};

typedef struct weir_api_bucket {
    int32_t boundaries; /**< WEIR_BUCKET_* */
    int32_t reserved;   /**< 0 */
    double lower, upper;
    double count; /**< of this bucket alone */
} weir_api_bucket;

/** A native histogram. Weir's evaluator has no use for one; here it is for who looks. */
typedef struct weir_api_histogram {
    int64_t time_ms;
    double count, sum;
    size_t bucket_at; /**< its first bucket in the reply's buckets */
    size_t bucket_count;
} weir_api_histogram;

/** A text with its length. */
typedef struct weir_api_text {
    const char *text; /**< NUL-terminated too */
    size_t length;
} weir_api_text;

/**
 * A reply: flat arrays, read-only, as weir_promql_result has them. Series i has the labels
 * [label_at[i], label_at[i + 1]), the points [point_at[i], point_at[i + 1]) and the native
 * histograms [histogram_at[i], histogram_at[i + 1]). An element of a vector has one point or one
 * histogram; a scalar is one series without labels; a string has none.
 */
typedef struct weir_api_reply {
    int32_t kind;          /**< WEIR_API_* */
    int32_t type;          /**< WEIR_PROMQL_*; 0 unless it is a success */
    weir_api_text message; /**< of a bad response: what is wrong with it, and where */
    weir_api_text error_type, error;
    const weir_api_text *warnings;
    size_t warning_count;
    size_t foreign_warning_count; /**< of them those that no query makes ("PromQL warning: "): the
                                       data may be incomplete */
    const weir_api_text *infos;
    size_t info_count;
    size_t series_count;
    const size_t *label_at;
    const weir_label *labels;
    const size_t *point_at;
    const int64_t *times_ms;
    const double *values;
    const size_t *histogram_at;
    const weir_api_histogram *histograms;
    const weir_api_bucket *buckets;
    weir_api_text text; /**< of a string */
    int64_t text_time_ms;
} weir_api_reply;

/**
 * Reads a reply of /api/v1/query or /api/v1/query_range. Stricter than the official client where
 * that takes a missing value for 0: such a reply is a bad response.
 *
 * @param http_status  its HTTP status; 0 when there was none (a file), which reads as 200
 * @param allocator    used until the reply is freed; copied
 * @param reply        set whenever WEIR_OK is returned, also to replies that are errors
 * @return WEIR_OK; WEIR_E_LIMIT when it is too long; WEIR_E_MEMORY; WEIR_E_ARG
 * Upstream: client_golang api/prometheus/v1/api.go, and web/api/v1 of the server.
 */
WEIR_API weir_status weir_api_reply_parse(const char *body, size_t length, int32_t http_status,
                                          const weir_allocator *allocator, weir_api_reply **reply,
                                          weir_error *err);

/**
 * Puts the points of a successful reply into a store, by the rules of weir_series_reader_load().
 * @param counts  added to; may be NULL
 * @return WEIR_OK; WEIR_E_RANGE for labels that are no series; WEIR_E_LIMIT; WEIR_E_MEMORY;
 *         WEIR_E_ARG, also for a reply that is no success
 */
WEIR_API weir_status weir_api_reply_load(const weir_api_reply *reply, weir_series_store *store,
                                         weir_series_counts *counts, weir_error *err);

/** Bytes that any value needs as text, the NUL included. */
#define WEIR_API_VALUE_MAX 352

/**
 * Writes a value as the HTTP API does, without the quotes: the fewest digits that read back,
 * without an exponent from 1e-6 up to 1e21 ("0.3", "1e-07", "+Inf", "NaN", "-0").
 * @param plain  1: without an exponent however large or small, as a scalar's
 * @return the bytes, without the NUL
 * Upstream: util/jsonutil/marshal.go, MarshalFloat().
 */
WEIR_API size_t weir_api_value_print(double value, int32_t plain, char text[WEIR_API_VALUE_MAX]);

/** Frees a reply; NULL is allowed. */
WEIR_API void weir_api_reply_free(weir_api_reply *reply);

#ifdef __cplusplus
}
#endif
#endif
