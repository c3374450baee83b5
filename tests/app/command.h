/*
 * command.h - running a command line inside a test, with its output.
 */
#ifndef TEST_APP_COMMAND_H
#define TEST_APP_COMMAND_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "app/cli.h"

struct output {
    int code;
    char *out, *err;
};

/* Run `rollsim LINE`, split at blanks.  Free with output_free. */
static inline struct output command(const char *line)
{
    char *words = strdup(line), *rest = words;
    char program[] = "rollsim";
    char *argv[64] = { program };
    int argc = 1;
    struct output o = {0};
    size_t nout, nerr;
    FILE *out = open_memstream(&o.out, &nout);
    FILE *err = open_memstream(&o.err, &nerr);

    for (char *w; argc < 63 && (w = strtok_r(rest, " ", &rest)) != NULL;)
        argv[argc++] = w;
    o.code = cli_main(argc, argv, out, err);
    fclose(out);
    fclose(err);
    free(words);
    return o;
}

static inline void output_free(struct output *o)
{
    free(o->out);
    free(o->err);
}

#endif
