/*
 * fuzz_scenario.c - any bytes: text -> documents -> a scenario, all sections.
 *
 * Whatever is read without an error is ready to run: it has a variant, its
 * parameters make a grid, and what a cell of it says can be bound again.
 * Inputs that name files by absolute paths are left out; others are looked for
 * in an empty folder.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <gsl/gsl_errno.h>
#include "app/scenario.h"
#include "base/bug.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CELLS_MOST 4            /* of a grid, that are bound again */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    gsl_set_error_handler_off();
    return 0;
}

/* Does it hold this text? */
static bool has(const uint8_t *data, size_t size, const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i + len <= size; i++)
        if (memcmp(data + i, text, len) == 0)
            return true;
    return false;
}

/* Could it name a file that is none of our business? */
static bool names_files(const uint8_t *data, size_t size)
{
    static const char *const starts[] = { " /", "\"/", "'/", "[/", "-/",
                                          ":/", "\t/", "\n/", "..", "\\" };
    static const char *const keys[] = { "manifests", "series", "empirical",
                                        "-f" };
    bool file = false, far = false;

    for (size_t i = 0; i < COUNT_OF(keys); i++)
        file |= has(data, size, keys[i]);
    for (size_t i = 0; file && i < COUNT_OF(starts); i++)
        far |= has(data, size, starts[i]);
    return far;
}

/* Bind some cells of the grid. */
static void vary(struct app *app, const struct scenario *s)
{
    struct scenario varied;
    size_t n;
    const struct point *points = scenario_points(app, s, DESIGN_GRID, 0, &n);

    if (points && s->nparameters > 0)
        scenario_vary(app, s, points, n < CELLS_MOST ? n : CELLS_MOST,
                      &varied);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct app app = { .out = stdout, .err = stderr };
    struct scenario s;
    enum sim_code code;

    if (names_files(data, size))
        return 0;
    app.arena = arena_new();
    app.o.seed = app.o.replications = app.o.jobs = -1;
    err_init(&app.errors, app.arena);
    code = scenario_read(&app, "fuzz.yaml", (const char *)data, size, &s);
    CHECK((code == SIM_OK) == (app.errors.errors == 0));
    if (code == SIM_OK) {
        CHECK(s.nvariants > 0);
        vary(&app, &s);
    }
    arena_free(app.arena);
    return 0;
}
