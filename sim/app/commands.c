/*
 * commands.c - the table of commands and their options.
 *
 * A new command is a row here and a file verb_<name>.c.
 */
#include "app/cli.h"
#include <string.h>

#define SWITCH(l, n, member, doc)                                             \
    { l, n, NULL, OPTION_SWITCH, offsetof(struct options, member), doc }
#define TEXT(l, n, arg, member, doc)                                          \
    { l, n, arg, OPTION_TEXT, offsetof(struct options, member), doc }
#define COUNT(l, n, arg, member, doc)                                         \
    { l, n, arg, OPTION_COUNT, offsetof(struct options, member), doc }
#define LIST(l, n, arg, member, doc)                                          \
    { l, n, arg, OPTION_LIST, offsetof(struct options, member), doc }
#define CHOICE(l, n, arg, member, doc)                                        \
    { l, n, arg, OPTION_CHOICE, offsetof(struct options, member), doc }
#define END { 0, NULL, NULL, OPTION_SWITCH, 0, NULL }

const struct option global_options[] = {
    SWITCH('h', "help", help, "show help and leave"),
    SWITCH('q', "quiet", quiet, "no warnings and no progress"),
    CHOICE(0, "color", "auto|always|never", color,
           "colours; auto: on a terminal, unless NO_COLOR is set"),
    SWITCH(0, "ascii", ascii, "only ASCII in results"),
    SWITCH(0, "no-progress", no_progress, "no line that counts replications"),
    END
};

#define INPUT_OPTIONS                                                         \
    LIST(0, "set", "PATH=VALUE", sets,                                        \
         "change a value: run.seed=3, Deployment/web:spec.replicas=5"),       \
    LIST(0, "strategy", "NAME", strategies,                                   \
         "only this strategy; may be given again"),                           \
    LIST(0, "allow", "CODE", allows,                                          \
         "say nothing about this lint: no-readiness-probe"),                  \
    SWITCH(0, "strict", strict,                                               \
           "unknown and not simulated fields are errors")

#define GRID_OPTIONS                                                          \
    COUNT('n', "replications", "N", replications, "how many replications"),   \
    COUNT(0, "seed", "N", seed, "of all random numbers"),                     \
    COUNT('j', "jobs", "N", jobs, "threads; as many as processors if absent")

#define FIGURE_OPTIONS                                                        \
    CHOICE(0, "format", "svg|png|pdf", picture, "of figures; svg if absent"), \
    TEXT(0, "size", "WxH", size,                                              \
         "of figures, in pixels; each has its own if absent")

#define FILE_OPTIONS                                                          \
    TEXT('o', "output", "FILE", results,                                      \
         "results database: only what it lacks is computed, and kept there"), \
    TEXT(0, "shard", "I/N|auto", shard,                                       \
         "compute only every N-th replication, from I = 0 on; auto: as Slurm "\
         "or a Kubernetes Indexed Job says"),                                 \
    TEXT(0, "csv", "DIR", csv, "write the CSV files into this folder")

#define STORE_OPTIONS                                                         \
    TEXT(0, "until", "PRECISION", until,                                      \
         "'failed_requests ±5%': until the mean (compare: each difference) "  \
         "is known so well; ±2: in its unit; -n is the most, 1000 if absent"),\
    COUNT(0, "min", "N", least,                                               \
          "with --until: the least replications; 30 if absent"),              \
    FILE_OPTIONS

#define RESULT_OPTIONS                                                        \
    CHOICE(0, "record", "first|all", record,                                  \
           "replications whose every step goes into the CSV files"),          \
    SWITCH(0, "json", json, "print the result as JSON")

#define DRAW_OPTIONS                                                          \
    TEXT(0, "figures", "DIR", figures,                                        \
         "draw figures into this folder, with gnuplot"),                      \
    FIGURE_OPTIONS

#define RUN_OPTIONS                                                           \
    GRID_OPTIONS, STORE_OPTIONS, DRAW_OPTIONS, RESULT_OPTIONS

static const struct option run_options[] = { RUN_OPTIONS, INPUT_OPTIONS, END };

static const struct option compare_options[] = {
    RUN_OPTIONS,
    TEXT(0, "baseline", "NAME", baseline,
         "strategy that the others are compared with; the first if absent"),
    TEXT(0, "metric", "NAME,...", metrics, "metrics to show"),
    TEXT(0, "within", "SHARE", within,
         "strategies are called equal if they surely differ by no more than "
         "this share of the baseline; 1% if absent"),
    INPUT_OPTIONS, END
};

#define CELL_OPTIONS                                                          \
    LIST(0, "param", "NAME=V,V", params,                                      \
         "values of a parameter; or of any path: "                            \
         "Deployment/web:spec.replicas=3,5"),                                 \
    CHOICE(0, "design", "grid|one-at-a-time|lhs|sobol", design,               \
           "which cells: every combination, one parameter moved from the "    \
           "middle, or spread points"),                                       \
    COUNT(0, "points", "N", points,                                           \
          "of lhs and sobol; ten a parameter if absent")

#define AXES_OPTION                                                           \
    TEXT(0, "axes", "A,B", axes,                                              \
         "parameters of the heat map; those that matter most if absent")

static const struct option sweep_options[] = {
    GRID_OPTIONS, STORE_OPTIONS, DRAW_OPTIONS, RESULT_OPTIONS, CELL_OPTIONS,
    AXES_OPTION,
    TEXT(0, "metric", "NAME,...", metrics,
         "metrics to show; what parameters do is told of the first"),
    INPUT_OPTIONS, END
};

static const struct option optimize_options[] = {
    COUNT(0, "budget", "N", budget,
          "replications of all candidates together; 40 each if absent"),
    TEXT(0, "indifference", "VALUE", indifference,
         "settings that differ by less are equal, such as 5s; 5 % if absent"),
    CHOICE(0, "method", "halving|ocba|kn", method,
           "how finalists are found; kn: all are"),
    CELL_OPTIONS,
    COUNT(0, "seed", "N", seed, "of all random numbers"),
    COUNT('j', "jobs", "N", jobs, "threads; as many as processors if absent"),
    FILE_OPTIONS, DRAW_OPTIONS, AXES_OPTION,
    SWITCH(0, "json", json, "print the result as JSON"),
    INPUT_OPTIONS, END
};

static const struct option plot_options[] = {
    TEXT('t', "figure", "NAME", figure,
         "only this one: traffic, pods, latency, exposure, ..."),
    TEXT('o', "output", "FILE", output,
         "draw it with gnuplot into this .svg, .png or .pdf; without it, in "
         "characters"),
    TEXT(0, "figures", "DIR", figures, "draw all into this folder"),
    SWITCH(0, "list", list, "list the figures"),
    FIGURE_OPTIONS, GRID_OPTIONS, CELL_OPTIONS, AXES_OPTION,
    TEXT(0, "metric", "NAME", metrics,
         "of heat map and tornado; what the scenario asks for if absent"),
    INPUT_OPTIONS, END
};

static const struct option check_options[] = {
    CHOICE(0, "format", "human|json|gcc", format, "of what is found"),
    SWITCH(0, "list", list, "list the objects, also those not simulated"),
    INPUT_OPTIONS, END
};

static const struct option explain_options[] = {
    COUNT(0, "replication", "N", replication, "which to tell; 0 if absent"),
    COUNT(0, "rep", "N", replication, "the same"),
    TEXT(0, "why", "METRIC", why,
         "why requests failed: failed_requests, failed_refused, ..."),
    COUNT(0, "seed", "N", seed, "of all random numbers"),
    SWITCH(0, "markdown", markdown, "tables as Markdown"),
    INPUT_OPTIONS, END
};

static const struct option runs_options[] = {
    COUNT(0, "cell", "N", cell, "show this cell: its scenario and strategy"),
    TEXT(0, "diff", "N,M", diff,
         "what changed from cell N to cell M; in pairs if they have one seed"),
    COUNT(0, "remove", "N", remove, "remove this cell and its replications"),
    SWITCH(0, "json", json, "as JSON, with who wrote what"), END
};

static const struct option export_options[] = {
    CHOICE(0, "what",
           "metrics|summary|timeline|pods|series|events|views|failures", what,
           "which table; metrics if absent"),
    CHOICE(0, "format", "csv|json|jsonl", table_format,
           "of the table; csv if absent"),
    TEXT(0, "csv", "DIR", csv, "write all tables into this folder instead"),
    SWITCH(0, "wide", wide, "metrics with one column each"),
    SWITCH(0, "spreadsheet", spreadsheet,
           "CSV: a ' before texts that a spreadsheet would take for formulas"),
    END
};

static const struct option merge_options[] = {
    SWITCH(0, "verify", verify, "only check that it can be done"),
    SWITCH(0, "json", json, "print the counts as JSON"), END
};

static const struct option version_options[] = {
    SWITCH(0, "json", json, "as JSON"), END
};

const struct command commands[] = {
    { "run", "SCENARIO...", "simulate a scenario and say what users felt",
      "rollsim run scenarios/sample.yaml -n 20", run_options, command_run },
    { "compare", "SCENARIO...",
      "compare the strategies of a scenario under the same luck",
      "rollsim compare scenarios/sample.yaml --csv out", compare_options,
      command_compare },
    { "sweep", "SCENARIO...",
      "run every strategy with many settings, and say which settings matter",
      "rollsim sweep scenarios/settings.yaml", sweep_options, command_sweep },
    { "optimize", "SCENARIO...",
      "find the best settings that keep the promises",
      "rollsim optimize scenarios/settings.yaml", optimize_options,
      command_optimize },
    { "plot", "SCENARIO...", "draw figures, in characters or with gnuplot",
      "rollsim plot scenarios/sample.yaml -t traffic -o traffic.svg",
      plot_options, command_plot },
    { "check", "FILE...", "validate scenarios and manifests, and run nothing",
      "rollsim check k8s/ scenario.yaml", check_options, command_check },
    { "explain", "TOPIC | SCENARIO...",
      "tell what happened in sentences; or list fields, metrics, timings, "
      "strategies, faults, kubectl",
      "rollsim explain scenarios/bad-release.yaml",
      explain_options, command_explain },
    { "runs", "RESULTS.db", "list what a results file has, or remove from it",
      "rollsim runs results.db", runs_options, command_runs },
    { "export", "RESULTS.db",
      "print a table of a results file as CSV or JSON",
      "rollsim export results.db --what summary", export_options,
      command_export },
    { "merge", "RESULTS.db SHARD.db...",
      "unite shards in one results file, each replication once",
      "rollsim merge all.db shard-*.db", merge_options, command_merge },
    { "schema", "", "print the JSON Schema of scenario files",
      "rollsim schema > rollsim.schema.json", NULL, command_schema },
    { "completion", "bash|zsh|fish", "print completion for a shell",
      "eval \"$(rollsim completion bash)\"", NULL, command_completion },
    { "help", "[COMMAND]", "show help of the program or a command",
      "rollsim help run", NULL, command_help },
    { "version", "", "show the version", "rollsim version", version_options,
      command_version },
    { NULL, NULL, NULL, NULL, NULL, NULL }
};

const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}
