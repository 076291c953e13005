/*
 * options.c - the words of a command line by the command's option table, and what all commands use.
 */
#include "program.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/manifest.h>

void complain(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("weir: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

int wants_colour(FILE *stream)
{
    const char *no = getenv("NO_COLOR");

    return (no == NULL || no[0] == '\0') && isatty(fileno(stream));
}

int finish_output(int code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("writing the output failed: %s", strerror(errno));
        return EXIT_OUTPUT;
    }
    return code;
}

/* To the start of the line, and empties it. */
#define ERASE "\r\033[K"

void progress(const char *format, ...)
{
    va_list arguments;

    if (!isatty(fileno(stderr))) {
        return;
    }
    fputs(ERASE, stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fflush(stderr);
}

void progress_end(void)
{
    if (isatty(fileno(stderr))) {
        fputs(ERASE, stderr);
        fflush(stderr);
    }
}

/* ---- words of a table ----------------------------------------------------------------------- */

const char *next_choice(const char **words, size_t *length)
{
    const char *word = *words;

    if (word == NULL || *word == '\0') {
        return NULL;
    }
    *length = strcspn(word, "|");
    *words = word + *length + (word[*length] == '|');
    return word;
}

int choose_word(const char *what, const char *words, const char *value)
{
    const char *rest = words, *word;
    size_t length;
    int index = 0;

    for (; (word = next_choice(&rest, &length)) != NULL; index++) {
        if (strlen(value) == length && strncmp(word, value, length) == 0) {
            return index;
        }
    }
    fprintf(stderr, "weir: %s is ", what);
    rest = words;
    while ((word = next_choice(&rest, &length)) != NULL) {
        fprintf(stderr, "%.*s%s", (int)length, word,
                *rest == '\0'               ? ""
                : strchr(rest, '|') == NULL ? " or "
                                            : ", ");
    }
    fprintf(stderr, ", not %s\n", value);
    return -1;
}

/* ---- options -------------------------------------------------------------------------------- */

static int unknown_option(const struct command *command, const char *word)
{
    const char *names[64] = {"--help"}, *near;
    size_t count = 1;
    char name[64];

    for (const struct option *o = command->options; o->name != NULL && count < 64; o++) {
        names[count++] = o->name;
    }
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    near = weir_nearest_name(name, names, count);
    if (near != NULL) {
        complain("%s has no option %s; did you mean %s?", command->name, word, near);
    } else {
        complain("%s has no option %s; see weir %s --help", command->name, word, command->name);
    }
    return -1;
}

/* The row of an option word, or -1; what is joined to it in *value ("--name=VALUE", "-nVALUE"). */
static int find_option(const struct command *command, const char *word, const char **value)
{
    const char *equals = word[1] == '-' ? strchr(word, '=') : NULL;
    size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);

    *value = equals != NULL ? equals + 1 : NULL;
    for (int i = 0; command->options[i].name != NULL; i++) {
        const struct option *option = &command->options[i];

        if (strlen(option->name) == length && strncmp(option->name, word, length) == 0) {
            return i;
        }
        if (option->letter != 0 && word[1] == option->letter &&
            (word[2] == '\0' || option->argument != NULL)) {
            *value = word[2] != '\0' ? word + 2 : NULL;
            return i;
        }
    }
    return -1;
}

static int is_operand(const char *word)
{
    return word[0] != '-' || word[1] == '\0';
}

/* Where the next option or operand stands: behind a word, and behind its value if it takes one. */
static int behind(const struct command *command, char **words, int at)
{
    const char *value;
    int option = is_operand(words[at]) ? -1 : find_option(command, words[at], &value);
    int separate = option >= 0 && command->options[option].argument != NULL && value == NULL;

    return at + 1 + separate;
}

/* Where a "--" that ends the options stands, or `count`. */
static int end_of_options(const struct command *command, int count, char **words)
{
    int i = 0;

    while (i < count && strcmp(words[i], "--") != 0) {
        i = behind(command, words, i);
    }
    return i < count ? i : count;
}

int asks_for_help(const struct command *command, int count, char **words)
{
    int end = end_of_options(command, count, words);

    for (int i = 0; i < end; i = behind(command, words, i)) {
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0) {
            return 1;
        }
    }
    return 0;
}

int next_argument(const struct command *command, int count, char **words, int *position,
                  struct argument *next)
{
    const struct option *option;
    const char *word;

    if (*position < count && strcmp(words[*position], "--") == 0 &&
        end_of_options(command, count, words) == *position) {
        (*position)++;
    }
    if (*position >= count) {
        return 0;
    }
    word = words[*position];
    next->option = -1;
    next->value = word;
    /* Only a word with a dash makes it worth looking where the options end. */
    if (is_operand(word) || end_of_options(command, count, words) < *position) {
        (*position)++;
        return 1;
    }
    (*position)++;
    next->option = find_option(command, word, &next->value);
    if (next->option < 0) {
        return unknown_option(command, word);
    }
    option = &command->options[next->option];
    if (option->argument == NULL && next->value != NULL) {
        complain("%s takes no value", option->name);
        return -1;
    }
    if (option->argument != NULL && next->value == NULL) {
        if (*position >= count) {
            complain("%s needs a value: %s", option->name, option->argument);
            return -1;
        }
        next->value = words[(*position)++];
    }
    return 1;
}

/* ---- values --------------------------------------------------------------------------------- */

void put_double(char *text, size_t size, double value)
{
    if (isnan(value) || isinf(value)) {
        snprintf(text, size, "%s", isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
    } else if (fabs(value) < 1e15 && value == floor(value)) {
        snprintf(text, size, "%.0f", value);
    } else {
        for (int digits = 1; digits <= 17; digits++) {
            snprintf(text, size, "%.*g", digits, value);
            if (strtod(text, NULL) == value) {
                break;
            }
        }
    }
}

/* Nanoseconds of a unit, 0 for none. */
static int64_t unit_of(const char *text, size_t *length)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"ns", 1},          {"us", 1000},         {"ms", 1000000},      {"s", 1000000000},
                 {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000}};

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t n = strlen(units[i].name);

        if (strncmp(text, units[i].name, n) == 0 &&
            !((text[n] >= 'a' && text[n] <= 'z') || (text[n] >= 'A' && text[n] <= 'Z'))) {
            *length = n;
            return units[i].ns;
        }
    }
    return 0;
}

int parse_duration(const char *text, int64_t *ns)
{
    double total = 0;
    const char *at = text;

    if (*at == '\0') {
        return 0;
    }
    while (*at != '\0') {
        char *end;
        double number;
        size_t length = 0;
        int64_t unit = 1000000000;

        if (*at < '0' || *at > '9') {
            return 0;
        }
        number = strtod(at, &end);
        if (*end != '\0') {
            unit = unit_of(end, &length);
            if (unit == 0) {
                return 0;
            }
        } else if (at != text) {
            return 0; /* a number without unit only alone: plain seconds */
        }
        total += number * (double)unit;
        at = end + length;
    }
    if (!(total <= 9.2e18)) {
        return 0;
    }
    *ns = (int64_t)(total + 0.5);
    return 1;
}
