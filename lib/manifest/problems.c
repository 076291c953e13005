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

void weir__problem(struct weir__problems *problems, int32_t severity, weir_status status,
                   struct weir__mark mark, const char *path, const char *message)
{
    struct weir__listed one;
    weir_error *error = &one.open.error;
    size_t at;

    problems->errors += severity == WEIR_PROBLEM_ERROR;
    if (problems->count == WEIR_MANIFEST_PROBLEMS_MAX || !grow(problems)) {
        return;
    }
    memset(&one, 0, sizeof one);
    error->status = severity == WEIR_PROBLEM_ERROR ? status : WEIR_OK;
    error->line = mark.line;
    error->column = mark.column;
    copy_text(error->path, sizeof error->path, path);
    copy_text(error->message, sizeof error->message, message);
    one.open.file = problems->file_name;
    one.open.severity = severity;
    one.open.document = problems->document;
    one.file = problems->file;

    at = problems->count++;
    for (; at > 0 && is_before(&one, &problems->list[at - 1]); at--) {
        problems->list[at] = problems->list[at - 1];
    }
    problems->list[at] = one;
}
