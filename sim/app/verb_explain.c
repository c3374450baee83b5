/*
 * verb_explain.c - the command explain: the tables, and what happened in a
 * run.
 */
#include <string.h>
#include <unistd.h>
#include "app/report.h"
#include "app/narrate.h"
#include "app/why.h"
#include "base/text.h"
#include "models/action.h"
#include "models/behaviour.h"
#include "models/fault.h"
#include "models/request.h"

/* ---- tables -------------------------------------------------------------- */

static void explain_metrics(struct app *app)
{
    static const char *const better[] = { "", "lower", "higher" };

    if (app->o.markdown)
        fputs("| metric | unit | better | definition |\n|---|---|---|---|\n",
              app->out);
    for (int m = 0; m < METRIC_COUNT; m++) {
        const struct metric_row *r = metric_row((enum metric)m);

        fprintf(app->out, app->o.markdown ? "| `%s` | %s | %s | %s |\n"
                                          : "%-26s %-9s %-7s %s\n",
                r->name, r->unit, better[r->better], r->doc);
    }
}

/* A value of the timings table in words: "8 ms (p95 20 ms)". */
static void timing_text(char *room, size_t size, const struct timing_value *t)
{
    char a[32], b[32];

    format_duration(a, (int64_t)(t->a * 1e9 + 0.5));
    format_duration(b, (int64_t)(t->b * 1e9 + 0.5));
    if (t->law == DIST_LOGNORMAL)
        snprintf(room, size, "%s, p95 %s", a, b);
    else if (t->law == DIST_UNIFORM)
        snprintf(room, size, "%s to %s", a, b);
    else
        snprintf(room, size, "%s", a);
}

static void explain_timings(struct app *app)
{
    bool md = app->o.markdown;

    if (md)
        fputs("| timing | profile | value | what | source |\n"
              "|---|---|---|---|---|\n", app->out);
    for (int t = 0; t < TIMING_COUNT; t++) {
        const struct timing_row *r = timing_row((enum timing)t);

        if (!md)
            fprintf(app->out, "%s: %s (%s)\n", r->name, r->doc, r->source);
        for (int p = 0; profile_names[p]; p++) {
            char text[80];

            timing_text(text, sizeof(text), &r->profile[p]);
            if (md)
                fprintf(app->out, "| `%s` | %s | %s | %s | %s |\n", r->name,
                        profile_names[p], text, r->doc, r->source);
            else
                fprintf(app->out, "  %-9s %s\n", profile_names[p], text);
        }
    }
    fprintf(app->out, md ? "| `%s` | | | %s | |\n" : "%s: %s\n",
            TIMING_ENDPOINTS_WHOLE, timing_endpoints_doc);
}

static void explain_strategies(struct app *app)
{
    size_t n;
    const struct strategy_ops *const *table = strategy_table(&n);

    for (size_t i = 0; i < n; i++) {
        if (app->o.markdown) {
            fprintf(app->out, "\n### %s\n\n%s\n\n", table[i]->name,
                    table[i]->doc);
            field_markdown(app->out, table[i]->fields, "");
        } else {
            fprintf(app->out, "%s: %s\n", table[i]->name, table[i]->doc);
            field_help(app->out, table[i]->fields, 2);
        }
    }
}

static void explain_faults(struct app *app)
{
    size_t n;
    const struct fault_ops *const *table = fault_table(&n);

    for (size_t i = 0; i < n; i++) {
        fprintf(app->out, "%s: %s\n", table[i]->name, table[i]->doc);
        field_help(app->out, table[i]->fields, 2);
    }
}

static void explain_kubectl(struct app *app)
{
    size_t n;
    const struct verb_ops *const *table = verb_table(&n);

    for (size_t i = 0; i < n; i++) {
        const struct kubectl_flag *f = table[i]->flags;

        fprintf(app->out, "%s %s\n    %s\n", table[i]->name, table[i]->usage,
                table[i]->doc);
        for (; f && f->name; f++)
            fprintf(app->out, "    --%-18s %s\n", f->name, f->doc);
    }
    fputs("every verb: -n NAMESPACE, --record, --as USER, --as-group GROUP\n\nwhen:\n", app->out);
    for (size_t i = 0; action_triggers[i]; i++)
        fprintf(app->out, "    %s [of deployment/NAME]\n", action_triggers[i]);
}

static void explain_fields(struct app *app)
{
    if (app->o.markdown) {
        field_markdown(app->out, scenario_fields, "");
        fputs("\nEach entry of `images`:\n\n", app->out);
        field_markdown(app->out, behaviour_fields, "");
        return;
    }
    field_help(app->out, scenario_fields, 0);
    fputs("\neach entry of images:\n", app->out);
    field_help(app->out, behaviour_fields, 2);
}

static const struct topic {
    const char *name;
    void (*print)(struct app *app);
} topics[] = {
    { "fields", explain_fields },
    { "metrics", explain_metrics },
    { "timings", explain_timings },
    { "strategies", explain_strategies },
    { "faults", explain_faults },
    { "kubectl", explain_kubectl },
};

/* ---- a run --------------------------------------------------------------- */

/* --why names something else. */
static enum exit_code refuse_why(struct app *app, const char *word)
{
    const char *names[CAUSE_COUNT + 1] = { "failed_requests" };
    const char *near;

    for (int c = CAUSE_NONE + 1; c < CAUSE_COUNT; c++)
        names[c] = arena_printf(app->arena, "failed_%s", cause_names[c]);
    near = nearest_word(word, names);
    if (near)
        return cli_usage(app, "--why: unknown \"%s\", did you mean \"%s\"?",
                         word, near);
    return cli_usage(app, "--why explains failed_requests or failed_CAUSE, "
                     "not \"%s\"", word);
}

static enum exit_code explain_run(struct app *app)
{
    struct scenario s;
    const char *cause;

    if (app->o.why && !why_metric(app->o.why, &cause))
        return refuse_why(app, app->o.why);
    if (scenario_load(app, &s) != SIM_OK)
        return EXIT_INPUT;
    if (app->o.why && s.nvariants > 0 && s.variants[0].spec->nmembers > 0)
        return cli_usage(app, "--why is not supported yet with several "
                         "clusters");
    for (size_t v = 0; v < s.nvariants; v++)
        if (app->o.why)
            why(app, &s, v, (uint32_t)app->o.replication, cause);
        else
            narrate(app, &s, v, (uint32_t)app->o.replication);
    return EXIT_DONE;
}

/* Say so if a word is no file, but near to a topic. */
static bool misspelt(struct app *app, const char *word)
{
    enum { TOPICS = sizeof topics / sizeof topics[0] };
    const char *names[TOPICS + 1] = { 0 }, *near;

    for (size_t i = 0; i < TOPICS; i++)
        names[i] = topics[i].name;
    near = nearest_word(word, names);
    if (!near || access(word, F_OK) == 0)
        return false;
    cli_usage(app, "no file and no topic is called \"%s\", did you mean "
              "\"%s\"?", word, near);
    return true;
}

enum exit_code command_explain(struct app *app)
{
    if (app->o.words.len == 0)
        return cli_usage(app, "name a scenario, or one of fields, metrics, "
                         "timings, strategies, faults, kubectl");
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        if (strcmp(app->o.words.items[0], topics[i].name) == 0) {
            if (app->o.why)
                return cli_usage(app, "--why needs a scenario, \"%s\" is a "
                                 "table", topics[i].name);
            topics[i].print(app);
            return EXIT_DONE;
        }
    }
    if (app->o.words.len == 1 && misspelt(app, app->o.words.items[0]))
        return EXIT_USAGE;
    return explain_run(app);
}
