/*
 * completions.c - `weir completions`: scripts that complete the words of a command line in bash,
 * zsh and fish, made from the tables of commands and options.
 */
#include "program.h"

#include <string.h>

static const struct option no_options[] = {{NULL, 0, NULL, NULL}};

/* What may stand where a table says "FILE.csv", "text|json" or "TIME". */
enum value { VALUE_NONE, VALUE_FILE, VALUE_WORD, VALUE_OTHER };

static enum value value_of(const char *argument)
{
    if (argument == NULL) {
        return VALUE_NONE;
    }
    if (strncmp(argument, "FILE", 4) == 0 || strcmp(argument, "MANIFEST") == 0) {
        return VALUE_FILE;
    }
    return strchr(argument, '|') != NULL ? VALUE_WORD : VALUE_OTHER;
}

/* "text|json" with blanks between. */
static void print_words(const char *words)
{
    const char *word, *before = "";
    size_t length;

    while ((word = next_choice(&words, &length)) != NULL) {
        printf("%s%.*s", before, (int)length, word);
        before = " ";
    }
}

static void print_command_names(void)
{
    for (size_t i = 0; command_at(i) != NULL; i++) {
        printf(" %s", command_at(i)->name);
    }
}

/* A text in which some characters need another one before them. */
static void print_escaped(const char *text, const char *special, const char *before)
{
    for (; *text != '\0'; text++) {
        if (strchr(special, *text) != NULL) {
            fputs(before, stdout);
        }
        putchar(*text);
    }
}

/* ---- bash ----------------------------------------------------------------------------------- */

static void bash_command(const struct command *command)
{
    const struct option *o;

    for (o = command->options; o->name != NULL; o++) {
        enum value value = value_of(o->argument);

        if (value == VALUE_NONE) {
            continue;
        }
        printf("    %s:%s", command->name, o->name);
        if (o->letter != 0) {
            printf(" | %s:-%c", command->name, o->letter);
        }
        printf(") ");
        if (value == VALUE_FILE) {
            printf("files=1");
        } else if (value == VALUE_WORD) {
            printf("words='");
            print_words(o->argument);
            printf("'");
        }
        printf(" ;;\n");
    }
    printf("    %s:*) ", command->name);
    printf("options='");
    for (o = command->options; o->name != NULL; o++) {
        printf("%s ", o->name);
    }
    printf("--help'");
    if (value_of(command->operands) == VALUE_WORD) {
        printf(" words='");
        print_words(command->operands);
        printf("'");
    } else if (value_of(command->operands) == VALUE_FILE) {
        printf(" files=1");
    }
    printf(" ;;\n");
}

static void complete_bash(void)
{
    printf("# Completions of weir for bash: source this, or put it into\n"
           "# ~/.local/share/bash-completion/completions/weir\n"
           "_weir() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local options= words= files=\n"
           "    [ \"$COMP_CWORD\" -gt 1 ] || before=\n"
           "    if [ \"$word\" = = ]; then word=; # --name=VALUE comes as three words\n"
           "    elif [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
           "    case ${COMP_WORDS[1]}:$before in\n");
    for (size_t i = 0; command_at(i) != NULL; i++) {
        bash_command(command_at(i));
    }
    printf("    esac\n"
           "    if [ \"$COMP_CWORD\" -le 1 ]; then\n"
           "        options='--help --version' words='help");
    print_command_names();
    printf("' files=\n"
           "    elif [ \"${COMP_WORDS[1]}\" = help ]; then\n"
           "        words='");
    print_command_names();
    printf("'\n"
           "    fi\n"
           "    case $word in -*) words=$options files= ;; esac\n"
           "    COMPREPLY=()\n"
           "    [ -z \"$words\" ] || mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
           "    if [ -n \"$files\" ]; then\n"
           "        compopt -o filenames\n"
           "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
           "    fi\n"
           "}\n"
           "complete -F _weir weir\n");
}

/* ---- zsh ------------------------------------------------------------------------------------ */

/* The part of a specification after its name or names, inside single quotes. */
static void zsh_rest(const struct option *o)
{
    printf("[");
    for (const char *c = o->help; *c != '\0'; c++) {
        if (*c == '\'') {
            printf("'\\''");
        } else {
            printf("%s%c", strchr("[]\\", *c) != NULL ? "\\" : "", *c);
        }
    }
    printf("]");
    switch (value_of(o->argument)) {
    case VALUE_NONE: break;
    case VALUE_FILE: printf(":%s:_files", o->argument); break;
    case VALUE_OTHER: printf(":%s: ", o->argument); break;
    case VALUE_WORD:
        printf(":value:(");
        print_words(o->argument);
        printf(")");
        break;
    }
}

static void zsh_command(const struct command *command)
{
    printf("    %s)\n        _arguments \\\n", command->name);
    for (const struct option *o = command->options; o->name != NULL; o++) {
        if (o->letter != 0) {
            printf("            '*'{-%c,%s}'", o->letter, o->name);
        } else {
            printf("            '%s", o->name);
        }
        zsh_rest(o);
        printf("' \\\n");
    }
    printf("            '--help[print the help of the command]'");
    if (value_of(command->operands) == VALUE_WORD) {
        printf(" \\\n            '*:word:(");
        print_words(command->operands);
        printf(")'");
    } else if (value_of(command->operands) == VALUE_FILE) {
        printf(" \\\n            '*:file:_files'");
    }
    printf("\n        ;;\n");
}

static void complete_zsh(void)
{
    printf(
        "#compdef weir\n"
        "# Completions of weir for zsh: put this as _weir into a folder of $fpath, or source it\n"
        "# after compinit.\n"
        "_weir() {\n"
        "    local -a commands\n"
        "    commands=(\n");
    for (size_t i = 0; command_at(i) != NULL; i++) {
        printf("        '%s:", command_at(i)->name);
        print_escaped(command_at(i)->summary, "'", "'\\'");
        printf("'\n");
    }
    printf("        'help:print the help of a command'\n"
           "    )\n"
           "    if (( CURRENT == 2 )); then\n"
           "        _describe command commands\n"
           "        _arguments '--help[print the help]' '--version[print the version]'\n"
           "        return\n"
           "    fi\n"
           "    shift words\n"
           "    (( CURRENT -= 1 ))\n"
           "    case $words[1] in\n"
           "    help) _describe command commands ;;\n");
    for (size_t i = 0; command_at(i) != NULL; i++) {
        zsh_command(command_at(i));
    }
    printf("    esac\n"
           "}\n"
           "if [ \"$funcstack[1]\" = _weir ]; then\n"
           "    _weir \"$@\"\n"
           "else\n"
           "    compdef _weir weir\n"
           "fi\n");
}

/* ---- fish ----------------------------------------------------------------------------------- */

static void fish_rest(const char *argument)
{
    switch (value_of(argument)) {
    case VALUE_NONE: break;
    case VALUE_FILE: printf(" -r -F"); break;
    case VALUE_OTHER: printf(" -x"); break;
    case VALUE_WORD:
        printf(" -x -a '");
        print_words(argument);
        printf("'");
        break;
    }
}

static void fish_command(const struct command *command)
{
    const char *name = command->name;

    printf("complete -c weir -n __fish_use_subcommand -a %s -d '", name);
    print_escaped(command->summary, "'\\", "\\");
    printf("'\n");
    for (const struct option *o = command->options; o->name != NULL; o++) {
        printf("complete -c weir -n '__fish_seen_subcommand_from %s' -l %s", name, o->name + 2);
        if (o->letter != 0) {
            printf(" -s %c", o->letter);
        }
        fish_rest(o->argument);
        printf(" -d '");
        print_escaped(o->help, "'\\", "\\");
        printf("'\n");
    }
    if (value_of(command->operands) == VALUE_WORD) {
        printf("complete -c weir -n '__fish_seen_subcommand_from %s' -a '", name);
        print_words(command->operands);
        printf("'\n");
    } else if (value_of(command->operands) == VALUE_FILE) {
        printf("complete -c weir -n '__fish_seen_subcommand_from %s' -F\n", name);
    }
}

static void complete_fish(void)
{
    printf("# Completions of weir for fish: put this into ~/.config/fish/completions/weir.fish\n"
           "complete -c weir -f\n"
           "complete -c weir -l help -s h -d 'print the help'\n"
           "complete -c weir -n __fish_use_subcommand -l version -d 'print the version'\n"
           "complete -c weir -n __fish_use_subcommand -a help -d 'print the help of a command'\n"
           "complete -c weir -n '__fish_seen_subcommand_from help' -a '");
    print_command_names();
    printf("'\n");
    for (size_t i = 0; command_at(i) != NULL; i++) {
        fish_command(command_at(i));
    }
}

/* ---- the command ---------------------------------------------------------------------------- */

static int run(int count, char **words)
{
    static void (*const print[])(void) = {complete_bash, complete_zsh, complete_fish};
    struct argument a;
    int position = 0, more, shell = -1;

    while ((more = next_argument(&command_completions, count, words, &position, &a)) > 0) {
        if (shell >= 0) {
            complain("completions takes one shell; see weir completions --help");
            return EXIT_USAGE;
        }
        shell = choose_word("a shell", command_completions.operands, a.value);
        if (shell < 0) {
            return EXIT_USAGE;
        }
    }
    if (more < 0) {
        return EXIT_USAGE;
    }
    if (shell < 0) {
        complain("completions takes the name of a shell: bash, zsh or fish");
        return EXIT_USAGE;
    }
    print[shell]();
    return finish_output(EXIT_FINE);
}

const struct command command_completions = {
    .name = "completions",
    .summary = "print a script that completes commands, options and values",
    .usage = "completions bash|zsh|fish",
    .help = "Examples:\n"
            "  source <(weir completions bash)\n"
            "  weir completions zsh > ~/.zfunc/_weir\n"
            "  weir completions fish > ~/.config/fish/completions/weir.fish\n",
    .operands = "bash|zsh|fish",
    .options = no_options,
    .run = run,
};
