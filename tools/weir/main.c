/*
 * main.c - the command-line program: which command, help, version, completions.
 */
#include "program.h"

#include <string.h>
#include <weir/base.h>
#include <weir/manifest.h>

static const struct command *const commands[] = {
    &command_replay,
    &command_explain,
    &command_fields,
    &command_conform,
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_options(const struct option *options)
{
    for (; options->name != NULL; options++) {
        char left[64];
        int n = snprintf(left, sizeof left, "%s%s%s", options->name,
                         options->argument != NULL ? " " : "",
                         options->argument != NULL ? options->argument : "");

        if (options->letter != 0 && n > 0 && (size_t)n + 6 < sizeof left) {
            snprintf(left + n, sizeof left - (size_t)n, ", -%c", options->letter);
        }
        printf("  %-28s %s\n", left, options->help);
    }
}

static int print_command_help(const struct command *command)
{
    printf("weir %s: %s\n\nUsage: weir %s\n\n", command->name, command->summary, command->usage);
    print_options(command->options);
    printf("\n%s", command->help);
    return finish_output(EXIT_FINE);
}

static int print_help(void)
{
    printf("weir %s: what an autoscaler would do, why, and what it would cost\n\n"
           "Usage: weir COMMAND [OPTION...] [FILE...]\n\n",
           weir_version_text());
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        printf("  %-12s %s\n", commands[i]->name, commands[i]->summary);
    }
    printf("  %-12s %s\n\n", "completions", "print completions for bash, zsh or fish");
    printf("weir COMMAND --help shows the options and examples of a command.\n"
           "weir --version prints the version.\n\n"
           "Exit codes: 0 done, 1 a conformance step did not match, 2 wrong usage,\n"
           "3 missing or malformed input, 4 the output could not be written.\n");
    return finish_output(EXIT_FINE);
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
    const char *names[COMMAND_COUNT + 1], *near;

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        names[i] = commands[i]->name;
    }
    names[COMMAND_COUNT] = "completions";
    near = weir_nearest_name(name, names, COMMAND_COUNT + 1);
    if (near != NULL) {
        complain("there is no command %s; did you mean %s?", name, near);
    } else {
        complain("there is no command %s; see weir --help", name);
    }
    return EXIT_USAGE;
}

/* ---- completions ---------------------------------------------------------------------------- */

static void complete_bash(void)
{
    printf("_weir() {\n    local cur=${COMP_WORDS[COMP_CWORD]} words\n"
           "    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        printf("    %s) words='--help", commands[i]->name);
        for (const struct option *o = commands[i]->options; o->name != NULL; o++) {
            printf(" %s", o->name);
        }
        printf("' ;;\n");
    }
    printf("    *) words='--help --version completions");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        printf(" %s", commands[i]->name);
    }
    printf("' ;;\n    esac\n"
           "    [ \"$COMP_CWORD\" -gt 1 ] || COMP_WORDS[1]=\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\") $(compgen -f -- \"$cur\"))\n}\n"
           "complete -o filenames -F _weir weir\n");
}

static void complete_zsh(void)
{
    printf("#compdef weir\ncase $words[2] in\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        printf("%s) _arguments '*:file:_files'", commands[i]->name);
        for (const struct option *o = commands[i]->options; o->name != NULL; o++) {
            printf(" \\\n    '%s[%s]%s'", o->name, o->help,
                   o->argument == NULL ? "" : ":value:_files");
        }
        printf(" ;;\n");
    }
    printf("*) _values command");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        printf(" '%s[%s]'", commands[i]->name, commands[i]->summary);
    }
    printf(" completions ;;\nesac\n");
}

static void complete_fish(void)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        printf("complete -c weir -n __fish_use_subcommand -a %s -d '%s'\n", commands[i]->name,
               commands[i]->summary);
        for (const struct option *o = commands[i]->options; o->name != NULL; o++) {
            printf("complete -c weir -n '__fish_seen_subcommand_from %s' -l %s%s -d '%s'\n",
                   commands[i]->name, o->name + 2, o->argument != NULL ? " -r" : "", o->help);
        }
    }
}

static int completions(int count, char **words)
{
    static const struct {
        const char *shell;
        void (*print)(void);
    } shells[] = {{"bash", complete_bash}, {"zsh", complete_zsh}, {"fish", complete_fish}};

    for (size_t i = 0; count == 1 && i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(words[0], shells[i].shell) == 0) {
            shells[i].print();
            return finish_output(EXIT_FINE);
        }
    }
    complain("completions takes the name of a shell: bash, zsh or fish");
    return EXIT_USAGE;
}

int main(int count, char **words)
{
    const struct command *command;

    if (count < 2 || strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0) {
        print_help();
        return count < 2 ? EXIT_USAGE : EXIT_FINE;
    }
    if (strcmp(words[1], "--version") == 0) {
        printf("weir %s\n", weir_version_text());
        return finish_output(EXIT_FINE);
    }
    if (strcmp(words[1], "completions") == 0) {
        return completions(count - 2, words + 2);
    }
    if (strcmp(words[1], "help") == 0) {
        command = count > 2 ? find(words[2]) : NULL;
        return count <= 2        ? print_help()
               : command != NULL ? print_command_help(command)
                                 : unknown_command(words[2]);
    }
    command = find(words[1]);
    if (command == NULL) {
        return unknown_command(words[1]);
    }
    for (int i = 2; i < count; i++) {
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0) {
            return print_command_help(command);
        }
    }
    return command->run(count - 2, words + 2);
}
