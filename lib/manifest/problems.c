/*
 * manifest/problems.c - the list of all problems; see problems.h.
 */
#include "manifest/problems.h"
#include "manifest/memory.h"

#include <string.h>

void weir__problems_open(struct weir__problems *problems, const weir_allocator *allocator)
{
    memset(problems, 0, sizeof *problems);
    problems->allocator = allocator;
    problems->file = problems->document = problems->autoscaler = -1;
}

void weir__problems_close(struct weir__problems *problems)
{
    weir__give_back(problems->allocator, problems->list, problems->capacity * sizeof(weir_problem));
    problems->list = NULL;
    problems->count = problems->capacity = 0;
}

static int grow(struct weir__problems *problems)
{
    size_t capacity = problems->capacity == 0 ? 16 : problems->capacity * 2;
    weir_problem *list;

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

static int is_before(const weir_problem *a, const weir_problem *b)
{
    if (a->file != b->file) {
        return a->file < b->file;
    }
    if (a->error.line != b->error.line) {
        return a->error.line < b->error.line;
    }
    return a->error.column < b->error.column;
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
    weir_problem one;
    size_t at;

    problems->totals[severity]++;
    memset(&one, 0, sizeof one);
    one.error.status = severity == WEIR_SEVERITY_ERROR ? status : WEIR_OK;
    one.error.line = mark.line;
    one.error.column = mark.column;
    copy_text(one.error.path, sizeof one.error.path, path);
    copy_text(one.error.message, sizeof one.error.message, message);
    one.severity = severity;
    one.file = problems->file;
    one.document = problems->document;
    one.autoscaler = problems->autoscaler;
    if (severity == WEIR_SEVERITY_ERROR && problems->totals[severity] == 1) {
        problems->first_error = one.error;
    }
    if (problems->count == WEIR_MANIFEST_PROBLEMS_MAX || !grow(problems)) {
        return;
    }

    at = problems->count++;
    for (; at > 0 && is_before(&one, &problems->list[at - 1]); at--) {
        problems->list[at] = problems->list[at - 1];
    }
    problems->list[at] = one;
}
