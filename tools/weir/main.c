/*
 * main.c - the command-line program: which command, help, version.
 */
#include "program.h"

#include <string.h>
#include <weir/base.h>
#include <weir/manifest.h>

static const struct command *const commands[] = {
    &command_replay, &command_explain, &command_query,   &command_record, &command_show,
    &command_check,  &command_fields,  &command_conform, &command_agree,  &command_completions,
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

const struct command *command_at(size_t index)
{
    return index < COMMAND_COUNT ? commands[index] : NULL;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[COMMAND_COUNT + 3] = {"help", "--help", "--version"}, *near;

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        names[i + 3] = commands[i]->name;
    }
    near = weir_nearest_name(name, names, COMMAND_COUNT + 3);
    if (near != NULL) {
        complain("there is no %s %s; did you mean %s?", name[0] == '-' ? "option" : "command", name,
                 near);
    } else {
        complain("there is no %s %s; see weir --help", name[0] == '-' ? "option" : "command", name);
    }
    return EXIT_USAGE;
}

/* ---- help ----------------------------------------------------------------------------------- */

static void print_option(const char *name, char letter, const char *argument, const char *help)
{
    int width =
        2 + printf("  %s%s%s", name, argument != NULL ? " " : "", argument != NULL ? argument : "");

    if (letter != 0) {
        width += printf(", -%c", letter);
    }
    printf("%*s%s\n", width < 30 ? 30 - width : 1, "", help);
}

static int print_command_help(const struct command *command)
{
    printf("weir %s: %s\n\nUsage: weir %s\n\n", command->name, command->summary, command->usage);
    for (const struct option *o = command->options; o->name != NULL; o++) {
        print_option(o->name, o->letter, o->argument, o->help);
    }
    print_option("--help", 'h', NULL, "print this");
    printf("\n%s", command->help);
    return finish_output(EXIT_FINE);
}

static int print_help(int code)
{
    printf("weir %s: what an autoscaler would do, why, and what it would cost\n\n"
           "Usage: weir COMMAND [OPTION...] [FILE...]\n\n",
           weir_version_text());
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        printf("  %-12s %s\n", commands[i]->name, commands[i]->summary);
    }
    printf("\n"
           "weir COMMAND --help, or weir help COMMAND, shows its options and examples.\n"
           "weir --version prints the version.\n\n"
           "Exit codes:\n"
           "  0  done\n"
           "  1  a step of a recording did not match, or check has found something\n"
           "  2  wrong usage: an unknown command or option, or a bad value for one\n"
           "  3  an input file is missing, unreadable or malformed\n"
           "  4  the output could not be written\n\n"
           "Colours only go to a terminal, and not where NO_COLOR is set.\n");
    return finish_output(code);
}

static int help(int count, char **words)
{
    const struct command *command = count > 0 ? find(words[0]) : NULL;

    if (count == 0) {
        return print_help(EXIT_FINE);
    }
    return command != NULL ? print_command_help(command) : unknown_command(words[0]);
}

int main(int count, char **words)
{
    const struct command *command;

    if (count < 2) {
        return print_help(EXIT_USAGE);
    }
    if (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0 ||
        strcmp(words[1], "help") == 0) {
        return help(count - 2, words + 2);
    }
    if (strcmp(words[1], "--version") == 0) {
        printf("weir %s\n", weir_version_text());
        return finish_output(EXIT_FINE);
    }
    command = find(words[1]);
    if (command == NULL) {
        return unknown_command(words[1]);
    }
    if (asks_for_help(command, count - 2, words + 2)) {
        return print_command_help(command);
    }
    return command->run(count - 2, words + 2);
}
