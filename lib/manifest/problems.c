/*
 * manifest/problems.c - the list of all problems; see problems.h.
 */
#include "problems.h"
#include "memory.h"

#include <string.h>

void weir__problems_open(struct weir__problems *problems, const weir_allocator *allocator)
{
    memset(problems, 0, sizeof *problems);
    problems->allocator = allocator;
    problems->file_name = "";
}

void weir__problems_close(struct weir__problems *problems)
{
    weir__give_back(problems->allocator, problems->list,
                    problems->capacity * sizeof(struct weir__listed));
    problems->list = NULL;
    problems->count = problems->capacity = 0;
}

static int grow(struct weir__problems *problems)
{
    size_t capacity = problems->capacity == 0 ? 16 : problems->capacity * 2;
    struct weir__listed *list;

    if (problems->count < problems->capacity) {
        return 1;
    }
    list = weir__take(problems->allocator, capacity * sizeof *list);
    if (list == NULL) {
        problems->out_of_memory = 1;
        return 0;
    }
    if (problems->count > 0) {
        memcpy(list, problems->list, problems->count * sizeof *list);
    }
    weir__give_back(problems->allocator, problems->list, problems->capacity * sizeof *list);
    problems->list = list;
    problems->capacity = capacity;
    return 1;
}

static int is_before(const struct weir__listed *a, const struct weir__listed *b)
{
    if (a->file != b->file) {
        return a->file < b->file;
    }
    if (a->open.error.line != b->open.error.line) {
        return a->open.error.line < b->open.error.line;
    }
    return a->open.error.column < b->open.error.column;
}

static void copy_text(char *to, size_t capacity, const char *from)
{
    size_t length = from != NULL ? strlen(from) : 0;

    length = length < capacity ? length : capacity - 1;
    if (length > 0) {
        memcpy(to, from, length);
    }
    to[length] = '\0';
}

/* Puts one where it belongs, if there is room. */
static void add(struct weir__problems *problems, const struct weir__listed *one)
{
    size_t at;

    problems->errors += one->open.severity == WEIR_PROBLEM_ERROR;
    if (problems->count == WEIR_MANIFEST_PROBLEMS_MAX || !grow(problems)) {
        return;
    }
    at = problems->count++;
    for (; at > 0 && is_before(one, &problems->list[at - 1]); at--) {
        problems->list[at] = problems->list[at - 1];
    }
    problems->list[at] = *one;
}

static void fill(const struct weir__problems *problems, struct weir__listed *one,
                 struct weir__mark mark, const char *path, const char *message)
{
    weir_error *error = &one->open.error;
    struct weir__message m;

    memset(one, 0, sizeof *one);
    one->open.rule = problems->rule != NULL ? problems->rule : "";
    if (problems->about != NULL) {
        weir__message_clear(&m);
        weir__message_add(&m, problems->about);
        weir__message_add(&m, message);
        message = m.text;
    }
    error->line = mark.line;
    error->column = mark.column;
    copy_text(error->path, sizeof error->path, path);
    copy_text(error->message, sizeof error->message, message);
    one->open.file = problems->file_name;
    one->open.document = problems->document;
    one->open.stages = problems->stages;
    one->check = problems->check;
    one->file = problems->file;
}

void weir__problem(struct weir__problems *problems, int32_t severity, weir_status status,
                   struct weir__mark mark, const char *path, const char *message)
{
    struct weir__listed one;

    fill(problems, &one, mark, path, message);
    one.open.error.status = severity == WEIR_PROBLEM_ERROR ? status : WEIR_OK;
    one.open.severity = severity;
    add(problems, &one);
}

void weir__field_problem(struct weir__problems *problems, int32_t cause, struct weir__mark mark,
                         const struct weir__path *path, const struct weir__message *m)
{
    struct weir__listed one;

    fill(problems, &one, mark, path->text, m->text);
    one.open.error.status = cause == WEIR_CAUSE_TYPE ? WEIR_E_PARSE : WEIR_E_RANGE;
    one.open.severity = WEIR_PROBLEM_ERROR;
    one.open.cause = cause;
    if (problems->stages == 0) {
        one.open.stages = WEIR_STAGE_API;
    }
    add(problems, &one);
}
