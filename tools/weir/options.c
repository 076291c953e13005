/*
 * options.c - the words of a command line by the command's option table, and what all commands use.
 */
#include "program.h"

#include <errno.h>
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

static int unknown_option(const struct command *command, const char *word)
{
    const char *names[64], *near;
    size_t count = 0;

    for (; command->options[count].name != NULL && count < 64; count++) {
        names[count] = command->options[count].name;
    }
    near = weir_nearest_name(word, names, count);
    if (near != NULL) {
        complain("%s has no option %s; did you mean %s?", command->name, word, near);
    } else {
        complain("%s has no option %s; see weir %s --help", command->name, word, command->name);
    }
    return -1;
}

int next_argument(const struct command *command, int count, char **words, int *position,
                  struct argument *next)
{
    const char *word, *equals;
    size_t length;

    if (*position >= count) {
        return 0;
    }
    word = words[(*position)++];
    next->option = -1;
    next->value = word;
    if (word[0] != '-' || word[1] == '\0') {
        return 1;
    }
    equals = word[1] == '-' ? strchr(word, '=') : NULL;
    length = equals != NULL ? (size_t)(equals - word) : strlen(word);
    for (int i = 0; command->options[i].name != NULL; i++) {
        const struct option *option = &command->options[i];
        int is_long = strlen(option->name) == length && strncmp(option->name, word, length) == 0;

        if (!is_long && !(option->letter != 0 && word[1] == option->letter && word[2] == '\0')) {
            continue;
        }
        next->option = i;
        next->value = equals != NULL ? equals + 1 : NULL;
        if (option->argument == NULL && equals != NULL) {
            complain("%s takes no value", option->name);
            return -1;
        }
        if (option->argument != NULL && equals == NULL) {
            if (*position >= count) {
                complain("%s needs a value: %s", option->name, option->argument);
                return -1;
            }
            next->value = words[(*position)++];
        }
        return 1;
    }
    return unknown_option(command, word);
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
