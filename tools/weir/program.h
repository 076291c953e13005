/*
 * program.h - what the commands of the program share: tables of commands and options, exit codes,
 * messages.
 */
#ifndef WEIR_TOOLS_PROGRAM_H
#define WEIR_TOOLS_PROGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit codes, as --help documents them. */
enum {
    EXIT_FINE = 0,     /* done */
    EXIT_MISMATCH = 1, /* conform: some step did not match */
    EXIT_USAGE = 2,    /* an unknown command or option, or a bad value for one */
    EXIT_INPUT = 3,    /* a file that is missing, unreadable or malformed */
    EXIT_OUTPUT = 4    /* writing the answer failed */
};

/* One option of a command. A table of them ends with a row without a name; it drives parsing,
 * --help and the shell completions. */
struct option {
    const char *name;     /* "--load" */
    char letter;          /* 'f' for -f, 0 for none */
    const char *argument; /* "FILE", NULL for a flag */
    const char *help;     /* one line */
};

struct command {
    const char *name;
    const char *summary; /* one line */
    const char *usage;   /* "replay -f MANIFEST --load FILE.csv [OPTION...]" */
    const char *help;    /* more about it, then examples */
    const struct option *options;
    int (*run)(int count, char **words);
};

extern const struct command command_conform;
extern const struct command command_explain;
extern const struct command command_fields;
extern const struct command command_replay;

/* One word of the command line, parsed: option >= 0 is a row of the table, -1 an operand. */
struct argument {
    int option;
    const char *value; /* the option's argument, or the operand */
};

/* Walks the words of a command. Returns 1 and fills `next`, 0 at the end, -1 after a message. */
int next_argument(const struct command *command, int count, char **words, int *position,
                  struct argument *next);

/* "weir: MESSAGE" on stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A duration as Go writes it ("90s", "1m30s", "250ms"), or plain seconds. 0 when it is none. */
int parse_duration(const char *text, int64_t *ns);

/* Whether to colour what goes to this stream: a terminal, and NO_COLOR is not set. */
int wants_colour(FILE *stream);

/* Flushes stdout; EXIT_OUTPUT after a message when that fails, else `code`. */
int finish_output(int code);

#endif
