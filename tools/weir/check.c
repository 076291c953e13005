/*
 * check.c - findings as text, JSON, SARIF 2.1.0 and JUnit; see check.h.
 */
#include "check.h"
#include "manifests.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <weir/base.h>

const weir_hazard *check_hazard(const char *id)
{
    const weir_hazard *hazard;

    for (size_t i = 0; (hazard = weir_get_hazard(i)) != NULL; i++) {
        if (strcmp(hazard->id, id) == 0) {
            return hazard;
        }
    }
    return NULL;
}

static const char *severity_of(const weir_problem *p)
{
    static const char *const words[] = {"error", "warning", "notice"};

    return words[p->severity];
}

/* Hazards by their id, everything else by its stage; "" where neither is known. */
static const char *rule_of(const weir_problem *p)
{
    return p->rule[0] != '\0' ? p->rule : weir_stage_name(p->stages);
}

/* Bytes of the character that a text begins with; 0 where they are no UTF-8, as the names of files
 * may not be. */
static size_t utf8_length(const char *text)
{
    static const struct {
        unsigned char first, last, low, high; /* of the first byte, and of the second */
        size_t length;
    } rows[] = {
        {0x00, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    const unsigned char *s = (const unsigned char *)text;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = 1;

        if (s[0] < rows[i].first || s[0] > rows[i].last) {
            continue;
        }
        if (rows[i].length > 1 && (s[1] < rows[i].low || s[1] > rows[i].high)) {
            return 0;
        }
        while (n < rows[i].length && (n == 1 || (s[n] & 0xc0) == 0x80)) {
            n++;
        }
        return n == rows[i].length ? n : 0;
    }
    return 0;
}

/* ---- text ----------------------------------------------------------------------------------- */

/* Whether an earlier finding has the same rule. */
static int is_repeated(const struct findings *f, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(f->list[i]->rule, f->list[index]->rule) == 0) {
            return 1;
        }
    }
    return 0;
}

static void print_text(FILE *out, const struct findings *f)
{
    for (size_t i = 0; i < f->count; i++) {
        const weir_problem *p = f->list[i];
        const weir_hazard *hazard = check_hazard(p->rule);
        const char *rule = rule_of(p);

        fprintf(out, "%s:%d:%d: %s: %s%s%s", p->file, p->error.line, p->error.column,
                severity_of(p), p->error.path, problem_gap(p), p->error.message);
        fprintf(out, rule[0] != '\0' ? " [%s]\n" : "%s\n", rule);
        if (hazard != NULL && !is_repeated(f, i)) {
            fprintf(out, "    why: %s\n    fix: %s\n", hazard->why, hazard->fix);
        }
    }
    fprintf(out, "%zu file%s: %zu error%s, %zu warning%s, %zu notice%s\n", f->files,
            f->files == 1 ? "" : "s", f->errors, f->errors == 1 ? "" : "s", f->warnings,
            f->warnings == 1 ? "" : "s", f->notices, f->notices == 1 ? "" : "s");
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void print_tree(FILE *out, cJSON *tree)
{
    char *text = cJSON_Print(tree);

    for (char *at = text; at != NULL && *at != '\0';) {
        size_t length = utf8_length(at);

        if (length == 0) {
            *at = '?';
        }
        at += length > 0 ? length : 1;
    }
    fprintf(out, "%s\n", text != NULL ? text : "{}");
    cJSON_free(text);
    cJSON_Delete(tree);
}

static cJSON *finding(const weir_problem *p)
{
    const weir_hazard *hazard = check_hazard(p->rule);
    cJSON *item = cJSON_CreateObject();

    cJSON_AddStringToObject(item, "file", p->file);
    cJSON_AddNumberToObject(item, "line", p->error.line);
    cJSON_AddNumberToObject(item, "column", p->error.column);
    cJSON_AddNumberToObject(item, "document", p->document);
    cJSON_AddStringToObject(item, "severity", severity_of(p));
    cJSON_AddStringToObject(item, "stage", weir_stage_name(p->stages));
    cJSON_AddStringToObject(item, "hazard", p->rule);
    cJSON_AddStringToObject(item, "path", p->error.path);
    cJSON_AddStringToObject(item, "message", p->error.message);
    if (hazard != NULL) {
        cJSON_AddStringToObject(item, "why", hazard->why);
        cJSON_AddStringToObject(item, "fix", hazard->fix);
    }
    return item;
}

static void print_json(FILE *out, const struct findings *f)
{
    cJSON *tree = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(tree, "findings");

    for (size_t i = 0; i < f->count; i++) {
        cJSON_AddItemToArray(list, finding(f->list[i]));
    }
    cJSON_AddNumberToObject(tree, "files", (double)f->files);
    cJSON_AddNumberToObject(tree, "errors", (double)f->errors);
    cJSON_AddNumberToObject(tree, "warnings", (double)f->warnings);
    cJSON_AddNumberToObject(tree, "notices", (double)f->notices);
    print_tree(out, tree);
}

/* ---- SARIF ---------------------------------------------------------------------------------- */

static void add_text(cJSON *object, const char *name, const char *text)
{
    cJSON_AddStringToObject(cJSON_AddObjectToObject(object, name), "text", text);
}

static void add_rule(cJSON *rules, const char *id, const char *text, const char *fix)
{
    cJSON *rule = cJSON_CreateObject();

    cJSON_AddStringToObject(rule, "id", id);
    add_text(rule, "shortDescription", text);
    if (fix != NULL) {
        add_text(rule, "help", fix);
    }
    cJSON_AddItemToArray(rules, rule);
}

/* Hazards, and a rule for each stage at which a cluster refuses. */
static void add_rules(cJSON *rules)
{
    const weir_hazard *hazard;

    for (size_t i = 0; (hazard = weir_get_hazard(i)) != NULL; i++) {
        add_rule(rules, hazard->id, hazard->why, hazard->fix);
    }
    for (int32_t stage = 1; weir_stage_name(stage)[0] != '\0'; stage *= 2) {
        char text[80];

        snprintf(text, sizeof text, "A cluster refuses this at stage %s.", weir_stage_name(stage));
        if (stage != WEIR_STAGE_HAZARD) {
            add_rule(rules, weir_stage_name(stage), text, NULL);
        }
    }
    add_rule(rules, "text", "This is not readable as it stands.", NULL);
}

/* The name of a file as a reference: all but letters, digits and what is plain in paths escaped. */
static void add_uri(cJSON *place, const char *file)
{
    static const char plain[] = "-._~/", hex[] = "0123456789ABCDEF";
    size_t length = strlen(file), n = 0;
    char *uri = malloc(3 * length + 1);

    for (size_t i = 0; uri != NULL && i < length; i++) {
        unsigned char c = (unsigned char)file[i];
        unsigned char letter = c | 0x20;

        if ((letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') ||
            strchr(plain, c) != NULL) {
            uri[n++] = (char)c;
        } else {
            uri[n++] = '%';
            uri[n++] = hex[c >> 4];
            uri[n++] = hex[c & 15];
        }
    }
    if (uri != NULL) {
        uri[n] = '\0';
        cJSON_AddStringToObject(cJSON_AddObjectToObject(place, "artifactLocation"), "uri", uri);
    }
    free(uri);
}

static cJSON *result(const weir_problem *p)
{
    static const char *const levels[] = {"error", "warning", "note"};
    cJSON *item = cJSON_CreateObject(), *location = cJSON_CreateObject(), *place, *region;
    const char *rule = rule_of(p);
    char text[sizeof p->error.path + sizeof p->error.message + 3];

    cJSON_AddStringToObject(item, "ruleId", rule[0] != '\0' ? rule : "text");
    cJSON_AddStringToObject(item, "level", levels[p->severity]);
    snprintf(text, sizeof text, "%s%s%s", p->error.path, problem_gap(p), p->error.message);
    add_text(item, "message", text);
    place = cJSON_AddObjectToObject(location, "physicalLocation");
    add_uri(place, p->file);
    if (p->error.line > 0) {
        region = cJSON_AddObjectToObject(place, "region");
        cJSON_AddNumberToObject(region, "startLine", p->error.line);
        cJSON_AddNumberToObject(region, "startColumn", p->error.column > 0 ? p->error.column : 1);
    }
    cJSON_AddItemToArray(cJSON_AddArrayToObject(item, "locations"), location);
    return item;
}

static void print_sarif(FILE *out, const struct findings *f)
{
    cJSON *tree = cJSON_CreateObject(), *run = cJSON_CreateObject(), *driver, *results;

    cJSON_AddStringToObject(tree, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    cJSON_AddStringToObject(tree, "version", "2.1.0");
    cJSON_AddItemToArray(cJSON_AddArrayToObject(tree, "runs"), run);
    driver = cJSON_AddObjectToObject(cJSON_AddObjectToObject(run, "tool"), "driver");
    cJSON_AddStringToObject(driver, "name", "weir");
    cJSON_AddStringToObject(driver, "version", weir_version_text());
    add_rules(cJSON_AddArrayToObject(driver, "rules"));
    cJSON_AddStringToObject(run, "columnKind", "utf16CodeUnits");
    results = cJSON_AddArrayToObject(run, "results");
    for (size_t i = 0; i < f->count; i++) {
        cJSON_AddItemToArray(results, result(f->list[i]));
    }
    print_tree(out, tree);
}

/* ---- JUnit ---------------------------------------------------------------------------------- */

/* A text of XML: escaped, and without what XML cannot hold. */
static void put_xml(FILE *out, const char *text)
{
    for (size_t length; *text != '\0'; text += length > 0 ? length : 1) {
        length = utf8_length(text);
        switch (*text) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        default:
            if (length == 0 || ((unsigned char)*text < ' ' && *text != '\n')) {
                putc('?', out);
            } else {
                fwrite(text, 1, length, out);
            }
        }
    }
}

static void print_junit(FILE *out, const struct findings *f)
{
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites>\n<testsuite name=\"weir check\" tests=\"%zu\" failures=\"%zu\" "
            "errors=\"%zu\">\n",
            f->count > 0 ? f->count : 1, f->warnings, f->errors);
    if (f->count == 0) {
        fputs("<testcase classname=\"weir\" name=\"nothing found\"/>\n", out);
    }
    for (size_t i = 0; i < f->count; i++) {
        const weir_problem *p = f->list[i];
        const char *element = p->severity == WEIR_PROBLEM_ERROR ? "error" : "failure";

        fputs("<testcase classname=\"", out);
        put_xml(out, p->file);
        fprintf(out, "\" name=\"%d:%d ", p->error.line, p->error.column);
        put_xml(out, p->error.path);
        if (p->severity == WEIR_PROBLEM_NOTICE) {
            fputs("\"/>\n", out);
            continue;
        }
        fprintf(out, "\"><%s type=\"", element);
        put_xml(out, rule_of(p)[0] != '\0' ? rule_of(p) : "text");
        fputs("\" message=\"", out);
        put_xml(out, p->error.message);
        fputs("\"/></testcase>\n", out);
    }
    fputs("</testsuite>\n</testsuites>\n", out);
}

/* ---- all ------------------------------------------------------------------------------------ */

void check_print(FILE *out, const struct findings *findings, int format)
{
    switch (format) {
    case CHECK_JSON: print_json(out, findings); break;
    case CHECK_SARIF: print_sarif(out, findings); break;
    case CHECK_JUNIT: print_junit(out, findings); break;
    default: print_text(out, findings);
    }
}

void check_print_hazards(FILE *out)
{
    const weir_hazard *hazard;

    for (size_t i = 0; (hazard = weir_get_hazard(i)) != NULL; i++) {
        fprintf(out, "%s## %s\n\n%s\n\n**Instead:** %s\n", i > 0 ? "\n" : "", hazard->id,
                hazard->why, hazard->fix);
    }
}
