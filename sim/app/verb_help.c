/*
 * verb_help.c - help, version and completion, all from the tables.
 */
#include <inttypes.h>
#include <string.h>
#include <gsl/gsl_version.h>
#include "app/cli.h"
#include "io/json.h"

void cli_help_brief(FILE *out)
{
    fputs("rollsim rehearses a release of a Kubernetes application and says "
          "what its users\nwould feel.\n\n"
          "  rollsim compare scenarios/sample.yaml      "
          "seven strategies, the same luck\n"
          "  rollsim explain scenarios/bad-release.yaml "
          "what happened, in sentences\n"
          "  rollsim check deployment.yaml              "
          "is it valid, and wise?\n\n"
          "commands:", out);
    for (const struct command *c = commands; c->name; c++)
        fprintf(out, " %s", c->name);
    fputs("\n\nrollsim help            all commands and options\n"
          "rollsim help COMMAND    one of them\n"
          "rollsim explain fields  what a scenario may say\n", out);
}

static void print_options(FILE *out, const struct option *o)
{
    for (; o && o->name; o++) {
        char left[64];
        int n = snprintf(left, sizeof(left), "%c%c%s--%s%s%s",
                         o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
                         o->letter ? ", " : "  ", o->name, o->arg ? " " : "",
                         o->arg ? o->arg : "");

        fprintf(out, n > 28 ? "  %s\n%32s%s\n" : "  %-30s%s%s\n", left, "",
                o->doc);
    }
}

void cli_help_command(FILE *out, const struct command *c)
{
    fprintf(out, "rollsim %s: %s\n\nusage:   rollsim %s %s\n"
            "example: %s\n\n", c->name, c->doc, c->name, c->usage, c->example);
    if (c->options) {
        fputs("options:\n", out);
        print_options(out, c->options);
        fputc('\n', out);
    }
    fputs("options of every command:\n", out);
    print_options(out, global_options);
}

void cli_help_all(FILE *out)
{
    fputs("rollsim rehearses a release of a Kubernetes application and says "
          "what its users\nwould feel.\n\nusage: rollsim COMMAND [OPTION...] "
          "[FILE...]\n\n", out);
    for (const struct command *c = commands; c->name; c++)
        fprintf(out, "  %-11s %s\n", c->name, c->doc);
    fputs("\nexamples:\n", out);
    for (const struct command *c = commands; c->name; c++)
        fprintf(out, "  %s\n", c->example);
    fputs("\noptions of every command:\n", out);
    print_options(out, global_options);
    fputs("\nexit codes: 0 done, all promises kept; 1 one missed; 2 usage; 3 "
          "invalid input;\n4 cannot write, no gnuplot; 5 undecided; 130 "
          "interrupted\n", out);
}

enum exit_code command_help(struct app *app)
{
    const struct command *c;

    if (app->o.words.len == 0) {
        cli_help_all(app->out);
        return EXIT_DONE;
    }
    c = command_find(app->o.words.items[0]);
    if (!c)
        return cli_unknown_command(app, app->o.words.items[0]);
    cli_help_command(app->out, c);
    return EXIT_DONE;
}

enum exit_code command_version(struct app *app)
{
    struct json j;

    if (!app->o.json) {
        fprintf(app->out, "rollsim %s\n", ROLLSIM_VERSION);
        return EXIT_DONE;
    }
    json_start(&j, app->out, 2);
    json_object(&j);
    json_member_text(&j, "version", ROLLSIM_VERSION);
    json_member_text(&j, "schema", "rollsim/v1");
    json_member_text(&j, "gsl", gsl_version);
    json_end(&j);
    json_finish(&j);
    return EXIT_DONE;
}

/* All words of the tables, for the shells: commands, then a case per command
 * with its options. */
static void put_options(FILE *out, const struct option *o)
{
    for (; o && o->name; o++)
        fprintf(out, " --%s", o->name);
}

static void completion_bash(FILE *out)
{
    fputs("_rollsim() {\n  local cur=${COMP_WORDS[COMP_CWORD]} words=\n"
          "  if [ \"$COMP_CWORD\" = 1 ]; then words='", out);
    for (const struct command *c = commands; c->name; c++)
        fprintf(out, "%s%s", c == commands ? "" : " ", c->name);
    fputs("'\n  else case ${COMP_WORDS[1]} in\n", out);
    for (const struct command *c = commands; c->name; c++) {
        fprintf(out, "    %s) words='", c->name);
        put_options(out, c->options);
        put_options(out, global_options);
        fputs("' ;;\n", out);
    }
    fputs("  esac; fi\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "  [ \"$COMP_CWORD\" = 1 ] || COMPREPLY+=($(compgen -f -- \"$cur\"))"
          "\n}\ncomplete -o filenames -F _rollsim rollsim\n", out);
}

static void completion_fish(FILE *out)
{
    for (const struct command *c = commands; c->name; c++) {
        fprintf(out, "complete -c rollsim -n __fish_use_subcommand -a %s "
                "-d '%s'\n", c->name, c->doc);
        for (const struct option *o = c->options; o && o->name; o++)
            fprintf(out, "complete -c rollsim -n '__fish_seen_subcommand_from "
                    "%s' -l %s%s -d '%s'\n", c->name, o->name,
                    o->arg ? " -r" : "", o->doc);
    }
}

enum exit_code command_completion(struct app *app)
{
    const char *shell = app->o.words.len == 1 ? app->o.words.items[0] : "";

    if (strcmp(shell, "bash") == 0) {
        completion_bash(app->out);
    } else if (strcmp(shell, "zsh") == 0) {
        fputs("autoload -U +X bashcompinit && bashcompinit\n", app->out);
        completion_bash(app->out);
    } else if (strcmp(shell, "fish") == 0) {
        completion_fish(app->out);
    } else {
        return cli_usage(app, "name one shell: bash, zsh or fish");
    }
    return EXIT_DONE;
}
