/*
 * cli.h - the command line: one table of commands, one row per option.
 *
 * The tables drive parsing, help and completion.  Options may stand anywhere;
 * --name=text, --name text, -n text, -ntext, -abc, and -- ends them.  Names are
 * never abbreviated, so that a new option breaks no script.
 */
#ifndef APP_CLI_H
#define APP_CLI_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/err.h"
#include "base/vec.h"

/* What the process returns. */
enum exit_code {
    EXIT_DONE = 0,              /* done; every slo and expect held */
    EXIT_MISSED = 1,            /* done; one did not */
    EXIT_USAGE = 2,
    EXIT_INPUT = 3,             /* scenario or manifest invalid */
    EXIT_SYSTEM = 4,            /* cannot write, no gnuplot */
    EXIT_UNDECIDED = 5,         /* inside the noise, or not precise enough */
    EXIT_INTERRUPTED = 130,     /* SIGINT; 143 SIGTERM: 128 + signal */
};

typedef VEC(const char *) text_list;

/* What the user asked for: a row of an option table writes each member. */
struct options {
    /* every command */
    bool help, version, quiet, json, ascii, no_progress;
    const char *color;          /* auto always never */
    /* scenarios */
    text_list sets, strategies, allows;
    bool strict;
    int64_t seed;               /* -1: the scenario's */
    int64_t replications;       /* -1: the scenario's */
    const char *until;          /* "failed_requests ±5%"; NULL */
    int64_t least;              /* replications before it is looked at; -1 */
    int64_t jobs;               /* threads; -1: as many as processors */
    const char *csv, *figures;  /* folders; NULL: none */
    const char *picture, *size; /* of figures: svg png pdf, "960x540" */
    const char *figure, *output;        /* plot: which, into which file */
    const char *results;        /* file of results; NULL: none */
    const char *shard;          /* I/N or auto; NULL: everything */
    const char *record;         /* first, all */
    const char *baseline, *metrics, *within;
    const char *format;         /* human json gcc */
    int64_t replication;        /* explain: which */
    const char *why;            /* explain: a metric of failed requests; NULL */
    bool markdown, show_defaults, list;
    int64_t cell, remove;       /* runs: a cell's number; -1: none */
    const char *diff;           /* runs: "1,2"; NULL */
    const char *what, *table_format;    /* export */
    bool wide, spreadsheet;
    bool verify;                /* merge: write nothing */
    int64_t budget;             /* optimize: replications; -1: 40 a candidate */
    const char *indifference, *method;
    text_list params;           /* sweep: NAME=V,V or PATH=V,V */
    const char *design;         /* grid one-at-a-time lhs sobol */
    const char *axes;           /* of the heat map: A,B */
    int64_t points;             /* of lhs and sobol; -1: ten a parameter */
    text_list words;            /* neither command nor option */
};

struct app {
    struct arena *arena;
    struct err_list errors;     /* printed at the end, on err */
    FILE *out, *err;
    bool colour_out, colour_err;
    bool glyphs;                /* UTF-8 may be printed */
    struct options o;
    int argc;                   /* as given, for the record */
    char **argv;
    const struct command *command;
};

enum option_kind { OPTION_SWITCH, OPTION_TEXT, OPTION_COUNT, OPTION_LIST,
                   OPTION_CHOICE };

struct option {
    char letter;                /* 0: none */
    const char *name;
    const char *arg;            /* what its text is: "DIR"; of a choice, all
                                 * words: "auto|always|never" */
    enum option_kind kind;
    size_t offset;              /* in struct options */
    const char *doc;
};

struct command {
    const char *name;
    const char *usage;          /* what follows the name */
    const char *doc;            /* one sentence */
    const char *example;        /* a command line that works */
    const struct option *options;       /* NULL: none but the global ones */
    enum exit_code (*run)(struct app *app);
};

#define REPLICATIONS_MOST 1000000       /* of --replications */

/* All commands, in the order of the help; ends with name NULL. */
extern const struct command commands[];
/* Options that every command has; ends with name NULL. */
extern const struct option global_options[];

/* The command called name, or NULL. */
const struct command *command_find(const char *name);

/* Run the program on its arguments: returns the exit code. */
int cli_main(int argc, char **argv, FILE *out, FILE *err);

/* Say what is wrong with the command line: returns EXIT_USAGE. */
enum exit_code cli_usage(struct app *app, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Say that there is no such command, and which is near: EXIT_USAGE. */
enum exit_code cli_unknown_command(struct app *app, const char *word);

/* Short help of the whole program; help of one command. */
void cli_help_brief(FILE *out);
void cli_help_all(FILE *out);
void cli_help_command(FILE *out, const struct command *c);

/* The commands of the table. */
enum exit_code command_run(struct app *app);
enum exit_code command_compare(struct app *app);
enum exit_code command_sweep(struct app *app);
enum exit_code command_optimize(struct app *app);
enum exit_code command_plot(struct app *app);
enum exit_code command_check(struct app *app);
enum exit_code command_explain(struct app *app);
enum exit_code command_runs(struct app *app);
enum exit_code command_export(struct app *app);
enum exit_code command_merge(struct app *app);
enum exit_code command_schema(struct app *app);
enum exit_code command_help(struct app *app);
enum exit_code command_version(struct app *app);
enum exit_code command_completion(struct app *app);

#define ROLLSIM_VERSION "0.1"

#endif
