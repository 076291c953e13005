/*
 * conform_compare.c - what was wanted against what weir gave, and the lines that say where they
 * differ.
 */
#include "conform.h"
#include "program.h"

#include <math.h>
#include <string.h>

/* ---- lines ---------------------------------------------------------------------------------- */

enum { SHOWN_MAX = 300 }; /* bytes of a value */

/* A text of the file, without what would move a terminal's cursor. */
static void print_clean(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        putc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
    }
}

static void print_value(FILE *out, const cJSON *item)
{
    char number[40], *text;

    if (item == NULL) {
        fputs("nothing", out);
    } else if (cJSON_IsNumber(item)) { /* cJSON's digits can hide a difference in the last bit */
        put_double(number, sizeof number, item->valuedouble);
        fputs(number, out);
    } else {
        text = cJSON_PrintUnformatted(item);
        fprintf(out, "%.*s%s", SHOWN_MAX, text != NULL ? text : "(no memory)",
                text != NULL && strlen(text) > SHOWN_MAX ? "..." : "");
        cJSON_free(text);
    }
}

/* Counts a difference. 1 when there is room to show it, with the line begun. */
static int begin_line(struct scenario *s, const char *field)
{
    struct conform_report *r = s->report;

    if (r->mismatches++ >= r->limit || r->lines == NULL) {
        return 0;
    }
    fputs("  ", r->lines);
    print_clean(r->lines, s->name);
    fprintf(r->lines, " step %d ", s->index);
    print_clean(r->lines, field);
    fputs(": ", r->lines);
    return 1;
}

void conform_note(struct scenario *s, const char *field, const cJSON *want, const cJSON *got)
{
    if (begin_line(s, field)) {
        fputs("wanted ", s->report->lines);
        print_value(s->report->lines, want);
        fputs(", got ", s->report->lines);
        print_value(s->report->lines, got);
        putc('\n', s->report->lines);
    }
}

void conform_note_input(struct scenario *s, const char *field, const cJSON *item)
{
    if (begin_line(s, field)) {
        fputs("not understood: ", s->report->lines);
        print_value(s->report->lines, item);
        putc('\n', s->report->lines);
    }
}

/* ---- comparing ------------------------------------------------------------------------------ */

static int same_double(double a, double b)
{
    return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b));
}

/* The text of an error, if the object is or has one. */
static const cJSON *error_of(const cJSON *object)
{
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(object, "error");

    return cJSON_IsString(error) ? error : NULL;
}

static int matches_object(struct scenario *s, const char *path, const cJSON *want, const cJSON *got)
{
    const char *dot = path[0] != '\0' ? "." : "";
    const cJSON *item;
    char inner[256];
    int fine = 1;

    if (error_of(want) == NULL && error_of(got) != NULL) {
        /* Then the members of a success are missing as well, which says nothing more. */
        snprintf(inner, sizeof inner, "%s%serror", path, dot);
        conform_note(s, inner, NULL, error_of(got));
        return 0;
    }
    for (item = want->child; item != NULL; item = item->next) {
        snprintf(inner, sizeof inner, "%s%s%s", path, dot, item->string);
        if (item == error_of(want)) {
            if (error_of(got) == NULL) {
                conform_note(s, inner, item, NULL);
                fine = 0;
            }
        } else if (!conform_matches(s, inner, item,
                                    cJSON_GetObjectItemCaseSensitive(got, item->string))) {
            fine = 0;
        }
    }
    return fine;
}

static int matches_array(struct scenario *s, const char *path, const cJSON *want, const cJSON *got)
{
    const cJSON *a = want->child, *b = got->child;

    if (cJSON_GetArraySize(want) != cJSON_GetArraySize(got)) {
        conform_note(s, path, want, got);
        return 0;
    }
    for (int i = 0; a != NULL && b != NULL; i++, a = a->next, b = b->next) {
        char inner[256];

        snprintf(inner, sizeof inner, "%s[%d]", path, i);
        if (!conform_matches(s, inner, a, b)) {
            return 0; /* after one, the others are mostly shifted */
        }
    }
    return 1;
}

static int same_scalar(const cJSON *want, const cJSON *got)
{
    if (cJSON_IsNumber(want)) {
        return same_double(want->valuedouble, got->valuedouble);
    }
    return !cJSON_IsString(want) || strcmp(want->valuestring, got->valuestring) == 0;
}

int conform_matches(struct scenario *s, const char *path, const cJSON *want, const cJSON *got)
{
    if (got != NULL && (want->type & 0xff) == (got->type & 0xff)) {
        if (cJSON_IsObject(want)) {
            return matches_object(s, path, want, got);
        }
        if (cJSON_IsArray(want)) {
            return matches_array(s, path, want, got);
        }
        if (same_scalar(want, got)) {
            return 1;
        }
    }
    conform_note(s, path[0] != '\0' ? path : "want", want, got);
    return 0;
}
