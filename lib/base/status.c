/*
 * base/status.c - names and sentences for statuses, the version, and how an error is filled.
 */
#include "base/internal.h"
#include "base/text.h"

struct status_row {
    weir_status status;
    const char *name;
    const char *sentence;
};

static const struct status_row rows[] = {
    {WEIR_OK, "WEIR_OK", "done"},
    {WEIR_END, "WEIR_END", "there is nothing left to give"},
    {WEIR_NO_DATA, "WEIR_NO_DATA", "the metric has no value now"},
    {WEIR_NOT_DUE, "WEIR_NOT_DUE", "the next step is not due yet"},
    {WEIR_E_ARG, "WEIR_E_ARG", "an argument is NULL, misaligned or of another kind"},
    {WEIR_E_RANGE, "WEIR_E_RANGE", "a value is outside its bounds"},
    {WEIR_E_STRUCT, "WEIR_E_STRUCT", "struct_size is too small, or unknown fields are set"},
    {WEIR_E_SPACE, "WEIR_E_SPACE", "the buffer is too small"},
    {WEIR_E_TIME, "WEIR_E_TIME", "the time is before one that was already seen"},
    {WEIR_E_MEMORY, "WEIR_E_MEMORY", "there is no memory left"},
    {WEIR_E_PARSE, "WEIR_E_PARSE", "the text is malformed"},
    {WEIR_E_LIMIT, "WEIR_E_LIMIT", "the input is larger than a documented limit"},
    {WEIR_E_UNSUPPORTED, "WEIR_E_UNSUPPORTED", "understood, but not supported"},
    {WEIR_E_CORRUPT, "WEIR_E_CORRUPT", "the snapshot is damaged"},
    {WEIR_E_VERSION, "WEIR_E_VERSION", "the snapshot is of another format version"},
    {WEIR_E_MISMATCH, "WEIR_E_MISMATCH", "the snapshot is of another kind or configuration"},
    {WEIR_E_IO, "WEIR_E_IO", "reading or writing failed"},
    {WEIR_E_PANIC, "WEIR_E_PANIC", "the upstream program would crash on this input"},
};

static const struct status_row *find(weir_status status)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].status == status) {
            return &rows[i];
        }
    }
    return NULL;
}

const char *weir_strerror(weir_status status)
{
    const struct status_row *row = find(status);

    return row != NULL ? row->sentence : "unknown status";
}

const char *weir_status_name(weir_status status)
{
    const struct status_row *row = find(status);

    return row != NULL ? row->name : "unknown";
}

#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)

uint32_t weir_version(void)
{
    return (uint32_t)WEIR_VERSION_MAJOR << 16 | (uint32_t)WEIR_VERSION_MINOR << 8 |
           (uint32_t)WEIR_VERSION_PATCH;
}

const char *weir_version_text(void)
{
    return TEXT(WEIR_VERSION_MAJOR) "." TEXT(WEIR_VERSION_MINOR) "." TEXT(WEIR_VERSION_PATCH);
}

weir_status weir__fail(weir_error *err, weir_status status, const char *path, const char *message)
{
    if (err != NULL) {
        struct weir__text text;

        memset(err, 0, sizeof *err);
        err->status = status;
        weir__text_open(&text, err->path, sizeof err->path);
        weir__text_str(&text, path);
        weir__text_open(&text, err->message, sizeof err->message);
        weir__text_str(&text, message);
    }
    return status;
}

void weir__fail_within(weir_error *err, const char *name, int64_t index)
{
    char inner[sizeof err->path];
    struct weir__text text;

    if (err == NULL) {
        return;
    }
    memcpy(inner, err->path, sizeof inner);
    weir__text_open(&text, err->path, sizeof err->path);
    weir__text_str(&text, name);
    if (index >= 0) {
        weir__text_char(&text, '[');
        weir__text_int(&text, index);
        weir__text_char(&text, ']');
    }
    weir__text_char(&text, '.');
    weir__text_str(&text, inner);
}

weir_status weir__give_bytes(size_t *bytes, size_t need, weir_error *err)
{
    if (bytes == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "there is nowhere to put the size");
    }
    *bytes = need;
    return WEIR_OK;
}

weir_status weir__block_fits(const void *block, size_t bytes, size_t need, weir_error *err)
{
    if (!weir__aligned(block)) {
        return weir__fail(err, WEIR_E_ARG, "", "the block is NULL or not 8-byte aligned");
    }
    if (bytes < need) {
        return weir__fail(err, WEIR_E_SPACE, "", "the block is smaller than asked for");
    }
    return WEIR_OK;
}
