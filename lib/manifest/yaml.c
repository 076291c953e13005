/*
 * manifest/yaml.c - YAML to documents, by the events of libfyaml.
 */
#include "reader.h"
#include "scalar.h"
#include "yaml_text.h"

#include <libfyaml.h>
#include <math.h>
#include <string.h>

struct yaml {
    struct weir__reader *reader;
    const struct weir__chunk *chunk;
    struct weir__mark last; /* of the last event that had a place: values left out have none */
};

static struct weir__mark mark_of(struct yaml *y, struct fy_event *event, size_t before)
{
    const struct fy_mark *mark = fy_event_start_mark(event);

    if (mark != NULL) {
        y->last =
            weir__source_mark(&y->reader->source, y->chunk->start + mark->input_pos -
                                                      (mark->input_pos >= before ? before : 0));
    }
    return y->last;
}

static void name_anchor(struct yaml *y, struct weir__node *node, struct fy_token *anchor)
{
    size_t length = 0;
    const char *name = anchor != NULL ? fy_token_get_text(anchor, &length) : NULL;

    if (name != NULL) {
        weir__build_anchor(&y->reader->builder, node, name, length);
    }
}

static void read_alias(struct yaml *y, struct fy_event *event)
{
    size_t length = 0;
    const char *name = fy_token_get_text(event->alias.anchor, &length);

    if (name != NULL) {
        weir__build_alias(&y->reader->builder, mark_of(y, event, 1), name, length);
    }
}

/* Type and value of a scalar by its style and its tag. The decoder hands everything on as JSON,
 * which has no infinity. */
static void resolve(struct yaml *y, struct weir__node *node, struct fy_token *tag_token)
{
    struct weir__builder *b = &y->reader->builder;
    const char *tag = tag_token != NULL ? fy_token_get_text0(tag_token) : NULL;
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_quote(&m, node->text, node->length);
    if (tag == NULL && !node->quoted) {
        weir__scalar_resolve(node);
    } else if (tag != NULL && strcmp(tag, "tag:yaml.org,2002:binary") == 0) {
        weir__builder_fail(b, WEIR_E_UNSUPPORTED, node->mark,
                           "weir does not read the tag !!binary");
    } else if (tag != NULL && !weir__scalar_resolve_as(node, tag)) {
        weir__message_add(&m, " is not what its tag says: ");
        weir__message_add(&m, tag);
        weir__builder_fail(b, WEIR_E_PARSE, node->mark, m.text);
    }
    if (node->type == WEIR__NODE_FLOAT && !isfinite(node->number)) {
        weir__message_add(&m, " is no number for the API server: write a text, in quotes");
        weir__builder_fail(b, WEIR_E_PARSE, node->mark, m.text);
    }
}

/* The text of a scalar that is not plain; see yaml_text.h for why it is not libfyaml's. */
static const char *text_of(struct yaml *y, struct fy_event *event, enum fy_scalar_style style,
                           size_t *length)
{
    const struct weir__builder *b = &y->reader->builder;
    const struct fy_mark *start = fy_event_start_mark(event), *end = fy_event_end_mark(event);
    const char *chunk = y->reader->source.text + y->chunk->start, *header;
    size_t from = start != NULL ? start->input_pos : 0, size = 0, parent = 0;
    char *text;

    if (start != NULL && end != NULL && end->input_pos > from) {
        size = end->input_pos - from;
    }
    text = weir__arena_take(b->arena, WEIR__YAML_ROOM(size));
    if (text == NULL) {
        y->reader->problems->out_of_memory = 1;
    } else if (style == FYSS_SINGLE_QUOTED) {
        *length = weir__yaml_single(chunk + from, size, text);
    } else if (style == FYSS_DOUBLE_QUOTED) {
        *length = weir__yaml_double(chunk + from, size, text);
    } else {
        header = chunk + from - (from > 0);
        while (header > chunk && header[-1] != '\n') {
            header--;
        }
        if (b->depth > 0) {
            parent = (size_t)b->frames[b->depth - 1].node->mark.column - 1;
        }
        *length = weir__yaml_block(header, chunk + from, size, parent, text);
    }
    return text;
}

static void read_scalar(struct yaml *y, struct fy_event *event)
{
    struct weir__builder *b = &y->reader->builder;
    struct fy_token *value = event->scalar.value;
    enum fy_scalar_style style = fy_token_scalar_style(value);
    int quotes = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    struct weir__mark mark = mark_of(y, event, (size_t)quotes);
    size_t length = 0;
    const char *text = NULL;
    struct weir__node *node;

    if (style != FYSS_PLAIN && style != FYSS_ANY) {
        text = text_of(y, event, style, &length);
    } else if (value != NULL) {
        text = fy_token_get_text(value, &length);
    }
    node = weir__build_scalar(b, mark, text != NULL ? text : "", length);
    if (node == NULL) {
        return;
    }
    node->quoted = style != FYSS_PLAIN && style != FYSS_ANY;
    if (!node->quoted && event->scalar.tag == NULL && strcmp(node->text, "<<") == 0 &&
        weir__build_wants_key(b)) {
        weir__build_merge_key(b);
        return;
    }
    resolve(y, node, event->scalar.tag);
    name_anchor(y, node, event->scalar.anchor);
    weir__build_place(b, node);
}

static void read_event(struct yaml *y, struct fy_event *event)
{
    struct weir__builder *b = &y->reader->builder;

    if (event->type == FYET_DOCUMENT_START) {
        y->last = weir__source_mark(&y->reader->source, y->chunk->content);
        weir__reader_begin(y->reader);
        return;
    }
    if (y->reader->document == NULL) {
        return; /* the stream's own events, or a document that could not be built */
    }
    switch (event->type) {
    case FYET_SCALAR: read_scalar(y, event); break;
    case FYET_ALIAS: read_alias(y, event); break;
    case FYET_SEQUENCE_START:
        name_anchor(y, weir__build_begin(b, WEIR__NODE_SEQUENCE, mark_of(y, event, 0)),
                    event->sequence_start.anchor);
        break;
    case FYET_MAPPING_START:
        name_anchor(y, weir__build_begin(b, WEIR__NODE_MAPPING, mark_of(y, event, 0)),
                    event->mapping_start.anchor);
        break;
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END: weir__build_end(b); break;
    case FYET_DOCUMENT_END: weir__reader_end(y->reader); break;
    default: break;
    }
}

/* The first error that libfyaml has collected, at the place of the further reading. */
static void report_syntax(struct yaml *y, struct fy_diag *diag, size_t json_offset)
{
    struct weir__reader *reader = y->reader;
    const struct weir__chunk *chunk = y->chunk;
    void *previous = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &previous);
    size_t end = chunk->end, offset;
    struct weir__message m;

    while (end > chunk->content && (unsigned char)reader->source.text[end - 1] <= ' ') {
        end--;
    }
    offset = error != NULL ? weir__source_offset(&reader->source, chunk->start, end,
                                                 error->line - 1, error->column - 1)
                           : end;
    if (json_offset >= offset && json_offset > 0) {
        weir__json_fail(reader, json_offset, end);
        return;
    }
    weir__message_clear(&m);
    weir__message_add(&m, "this is not YAML: ");
    weir__message_add(&m, error != NULL && error->msg != NULL ? error->msg : "syntax error");
    weir__reader_fail(reader, offset, m.text);
}

void weir__yaml_read(struct weir__reader *reader, const struct weir__chunk *chunk,
                     size_t json_offset)
{
    struct yaml y = {reader, chunk, {0, 0}};
    struct fy_diag_cfg quiet;
    struct fy_parse_cfg config;
    struct fy_diag *diag;
    struct fy_parser *parser = NULL;
    struct fy_event *event;

    fy_diag_cfg_default(&quiet);
    quiet.fp = NULL; /* errors are collected, never printed */
    diag = fy_diag_create(&quiet);
    memset(&config, 0, sizeof config);
    config.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE | FYPCF_DISABLE_DEPTH_LIMIT;
    config.diag = diag;
    if (diag != NULL) {
        fy_diag_set_collect_errors(diag, true);
        parser = fy_parser_create(&config);
    }
    if (parser == NULL || fy_parser_set_string(parser, reader->source.text + chunk->start,
                                               chunk->end - chunk->start) != 0) {
        reader->problems->out_of_memory = 1;
    } else {
        while (!reader->problems->out_of_memory && (event = fy_parser_parse(parser)) != NULL) {
            read_event(&y, event);
            fy_parser_event_free(parser, event);
            if (reader->document != NULL && reader->builder.status != WEIR_OK) {
                break; /* what is left of the chunk belongs to a document that is refused */
            }
        }
        if (reader->document != NULL && reader->builder.status != WEIR_OK) {
            weir__reader_end(reader);
        } else if (fy_parser_get_stream_error(parser) || reader->document != NULL) {
            report_syntax(&y, diag, json_offset);
        }
    }
    if (reader->document != NULL) {
        weir__reader_end(reader);
    }
    if (parser != NULL) {
        fy_parser_destroy(parser);
    }
    if (diag != NULL) {
        fy_diag_destroy(diag);
    }
}
