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
    EXIT_MISMATCH = 1, /* conform, agree: some step did not match */
    EXIT_USAGE = 2,    /* an unknown command or option, or a bad value for one */
    EXIT_INPUT = 3,    /* a file that is missing, unreadable or malformed */
    EXIT_OUTPUT = 4    /* writing the answer failed */
};

/* One option of a command. A table of them ends with a row without a name; it drives parsing,
 * --help and the shell completions. */
struct option {
    const char *name;     /* "--load" */
    char letter;          /* 'f' for -f, 0 for none */
    const char *argument; /* "FILE..." or "MANIFEST" is a file; "text|json" is one of these words;
                             other names stand for values; NULL is a flag */
    const char *help;     /* one line */
};

struct command {
    const char *name;
    const char *summary;  /* one line */
    const char *usage;    /* "replay -f MANIFEST --load FILE.csv [OPTION...]" */
    const char *help;     /* more about it, then examples */
    const char *operands; /* the words it takes, "bash|zsh|fish"; "FILE": files; NULL: none */
    const struct option *options;
    int (*run)(int count, char **words);
};

extern const struct command command_agree;
extern const struct command command_check;
extern const struct command command_completions;
extern const struct command command_conform;
extern const struct command command_explain;
extern const struct command command_fields;
extern const struct command command_query;
extern const struct command command_record;
extern const struct command command_replay;
extern const struct command command_show;

/* All commands, in the order of --help; NULL past the last. */
const struct command *command_at(size_t index);

/* One word of the command line, parsed: option >= 0 is a row of the table, -1 an operand. */
struct argument {
    int option;
    const char *value; /* the option's argument, or the operand */
};

/* Walks the words of a command: "--name VALUE", "--name=VALUE", "-n VALUE", "-nVALUE", operands,
 * and after "--" nothing but operands. Returns 1 and fills `next`, 0 at the end, -1 after a
 * message. */
int next_argument(const struct command *command, int count, char **words, int *position,
                  struct argument *next);

/* Whether --help or -h is among the words, not as a value and not after "--". */
int asks_for_help(const struct command *command, int count, char **words);

/* Which word of "text|json" a value is, or -1 after a message that begins with `what`. */
int choose_word(const char *what, const char *words, const char *value);

/* The next word of "text|json": moves *words past it. NULL at the end; not NUL-terminated. */
const char *next_choice(const char **words, size_t *length);

/* "weir: MESSAGE" on stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Shows how far long work has come, on one line of stderr that the next call replaces and that
 * progress_end() takes away. Both do nothing unless stderr is a terminal. */
void progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void progress_end(void);

/* The shortest text that reads back as the same double: "100", "0.7", "1e+30", "NaN", "+Inf". */
void put_double(char *text, size_t size, double value);

/* A time of the clock in UTC, to the microsecond: "2026-11-24T08:03:54.221078Z". */
void put_utc(char *text, size_t size, int64_t ns);

/* A duration as Go writes it ("90s", "1m30s", "250ms"), or plain seconds. 0 when it is none. */
int parse_duration(const char *text, int64_t *ns);

/* Whether to colour what goes to this stream: a terminal, and NO_COLOR is not set. */
int wants_colour(FILE *stream);

/* Flushes stdout; EXIT_OUTPUT after a message when that fails, else `code`. */
int finish_output(int code);

#endif
