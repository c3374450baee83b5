/*
 * analysis_build.c - from AnalysisTemplates to the metrics of a run.
 *
 * A Rollout names templates and gives arguments; those of the templates are
 * the defaults.  "{{args.NAME}}" is replaced in every text of a metric but
 * its provider.  A provider's query cannot be asked in a simulation: the
 * scenario says what stands for each metric (cluster.monitoring.metrics).
 *
 * Not modelled, and refused: templates of templates, arguments from Secrets
 * (they may only serve a provider, so they are left empty).
 * Source: argo-rollouts utils/analysis/factory.go, helpers.go at 9f8d111d.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "models/analysis.h"

struct builder {
    struct arena *a;
    struct err_list *errors;
    const struct value *given;  /* args of the block; NULL */
    const struct value *defaults;       /* args of the template; NULL */
    const char *template;       /* its name */
    const struct analysis_shelf *shelf;
    bool fine;
};

static struct diag *complain(struct builder *b, const struct value *at,
                             const char *text)
{
    b->fine = false;
    return err_error(b->errors, &at->mark, "%s", text);
}

/* ---- arguments -------------------------------------------------------------------- */

static const struct value *item_called(const struct value *list,
                                       const char *key, const char *name)
{
    for (size_t i = 0; list && list->type == VALUE_LIST && i < list->len; i++)
        if (strcmp(value_text(value_get(list->u.items[i], key), ""),
                   name) == 0)
            return list->u.items[i];
    return NULL;
}

/* The value of an argument; NULL if there is none. */
static const char *argument(const struct builder *b, const char *name)
{
    const struct value *of[2] = { item_called(b->given, "name", name),
                                  item_called(b->defaults, "name", name) };

    for (int i = 0; i < 2; i++) {
        if (of[i] && value_get(of[i], "value"))
            return value_text(value_get(of[i], "value"), "");
        if (of[i] && value_get(of[i], "valueFrom"))
            return "";
    }
    return NULL;
}

/* text, which was written at v, with all arguments filled in. */
static const char *filled(struct builder *b, const struct value *v,
                          const char *text)
{
    const char *open = strstr(text, "{{"), *close, *value;
    const char *name;
    size_t skip;

    if (!open || !(close = strstr(open, "}}")))
        return text;
    name = arena_strndup(b->a, open + 2, (size_t)(close - open) - 2);
    skip = strspn(name, " ");
    name = arena_strndup(b->a, name + skip, strcspn(name + skip, " "));
    value = strncmp(name, "args.", 5) == 0 ? argument(b, name + 5) : NULL;
    if (!value) {
        complain(b, v, arena_printf(b->a, "\"%s\": no such argument is given",
                                    name));
        return text;
    }
    text = arena_printf(b->a, "%.*s%s%s", (int)(open - text), text, value,
                        close + 2);
    return filled(b, v, text);
}

static const char *text_of(struct builder *b, const struct value *metric,
                           const char *key)
{
    const struct value *v = value_get(metric, key);
    const char *text = v ? value_text(v, NULL) : NULL;

    return text ? filled(b, v, text) : NULL;
}

static int count_of(struct builder *b, const struct value *metric,
                    const char *key, int fallback)
{
    const char *text = text_of(b, metric, key), *why;
    int64_t n;

    if (!text)
        return fallback;
    if (parse_int(text, &n, &why) && n >= -1 && n <= INT32_MAX)
        return (int)n;
    complain(b, value_get(metric, key),
             arena_printf(b->a, "\"%s\" must be a count, got \"%s\"", key,
                          text));
    return fallback;
}

/* Whole seconds of a duration; fallback if it is not given. */
static int64_t seconds_of(struct builder *b, const struct value *metric,
                          const char *key, int64_t fallback)
{
    const char *text = text_of(b, metric, key), *why;
    int64_t ns;

    if (!text)
        return fallback;
    if (parse_duration(text, &ns, &why) && ns >= 0)
        return ns / NS_PER_S;
    complain(b, value_get(metric, key),
             arena_printf(b->a, "\"%s\" must be a duration such as 30s or 5m, "
                          "got \"%s\"", key, text));
    return fallback;
}

/* ---- what stands for a metric ------------------------------------------------------- */

/* The next word of *text, cut off; NULL at the end. */
static char *next_word(char **text)
{
    char *word = *text + strspn(*text, " ");

    *text = word + strcspn(word, " ");
    if (**text)
        *(*text)++ = '\0';
    return *word ? word : NULL;
}

static bool read_metric(struct arena *a, const char *word,
                        struct analysis_query *q, const char **why)
{
    if (word && strcmp(word, "success_rate") == 0) {
        q->seen.what = SEEN_ERROR_RATE;
        q->success = true;
        return true;
    }
    for (int i = 0; word && i <= SEEN_LATENCY_P99; i++)
        if (strcmp(word, seen_name((enum seen)i)) == 0) {
            q->seen.what = (enum seen)i;
            if (i >= SEEN_LATENCY_P50)
                q->factor = 1000;
            return true;
        }
    *why = arena_printf(a, "monitoring knows no metric \"%s\"; it knows "
                        "error_rate, success_rate, request_rate, conversion, "
                        "latency_p50, latency_p95 and latency_p99", word ? word : "");
    return false;
}

#define LONGEST_WINDOW (15 * 60 * SIM_S)

static bool read_part(struct arena *a, const char *key, const char *word,
                      struct analysis_query *q, const char **why)
{
    const char *expected;
    double factor;

    if (strcmp(key, "of") == 0 && word &&
        (strcmp(word, "new") == 0 || strcmp(word, "old") == 0)) {
        q->seen.of = *word == 'n' ? SEEN_OF_NEW : SEEN_OF_OLD;
        return true;
    }
    if (strcmp(key, "over") == 0 && word &&
        parse_duration(word, &q->seen.window, &expected) &&
        q->seen.window > 0 && q->seen.window <= LONGEST_WINDOW)
        return true;
    if (strcmp(key, "*") == 0 && word && parse_real(word, &factor,
                                                    &expected)) {
        q->factor *= factor;
        return true;
    }
    *why = arena_printf(a, "\"%s%s%s\": expected METRIC [of new | of old] "
                        "[over DURATION, at most 15m] [* NUMBER]", key,
                        word ? " " : "", word ? word : "");
    return false;
}

bool analysis_read_query(struct arena *a, const char *text,
                         struct analysis_query *q, const char **why)
{
    char *rest = arena_strdup(a, text), *key;

    *q = (struct analysis_query){ .seen.window = 60 * SIM_S, .factor = 1 };
    if (!read_metric(a, next_word(&rest), q, why))
        return false;
    while ((key = next_word(&rest)) != NULL)
        if (!read_part(a, key, next_word(&rest), q, why))
            return false;
    return true;
}

/* ---- metrics ------------------------------------------------------------------------ */

static const char *condition_of(struct builder *b, const struct value *metric,
                                const char *key)
{
    static const struct analysis_result some = { true, 0.5 };
    bool fine = b->fine;
    const char *text = text_of(b, metric, key), *why;

    if (!text || !*text || b->fine != fine)
        return NULL;
    analysis_condition(text, &some, &why);
    if (why)
        complain(b, value_get(metric, key),
                 arena_printf(b->a, "\"%s\": \"%s\" is not understood: %s",
                              key, text, why));
    return text;
}

static void find_source(struct builder *b, const struct value *metric,
                        struct analysis_metric *m)
{
    const char *full = arena_printf(b->a, "%s/%s", b->template, m->name);
    struct diag *d;

    for (size_t i = 0; i < b->shelf->nsources; i++) {
        const struct analysis_source *s = &b->shelf->sources[i];

        if (strcmp(s->metric, m->name) == 0 || strcmp(s->metric, full) == 0) {
            m->query = s->query;
            return;
        }
    }
    d = complain(b, metric, arena_printf(b->a, "metric \"%s\": its provider "
                                         "cannot be asked in a simulation",
                                         m->name));
    diag_help(b->errors, d, "say in the scenario what stands for it: "
              "cluster: {monitoring: {metrics: {%s: \"success_rate of new "
              "over 1m\"}}}", m->name);
}

static bool is_dry(const struct value *list, const char *name)
{
    for (size_t i = 0; list && list->type == VALUE_LIST && i < list->len;
         i++) {
        const char *pattern = value_text(value_get(list->u.items[i],
                                                   "metricName"), "");

        if (strcmp(pattern, name) == 0 || strcmp(pattern, ".*") == 0)
            return true;
    }
    return false;
}

static struct analysis_metric metric_of(struct builder *b,
                                        const struct value *v)
{
    struct analysis_metric m = { .name = value_text(value_get(v, "name"),
                                                    "") };

    m.interval = seconds_of(b, v, "interval", ANALYSIS_NEVER);
    m.initial_delay = seconds_of(b, v, "initialDelay", 0);
    m.success = condition_of(b, v, "successCondition");
    m.failure = condition_of(b, v, "failureCondition");
    m.limits = (struct analysis_limits){
        .failure = count_of(b, v, "failureLimit", 0),
        .inconclusive = count_of(b, v, "inconclusiveLimit", 0),
        .consecutive_error = count_of(b, v, "consecutiveErrorLimit", 4),
        .consecutive_success = count_of(b, v, "consecutiveSuccessLimit", 0),
        .count = count_of(b, v, "count", 0),
        .interval = m.interval != ANALYSIS_NEVER,
    };
    if (m.limits.count > 1 && !m.limits.interval)
        complain(b, v, arena_printf(b->a, "metric \"%s\": interval must be "
                                    "given when count is more than 1",
                                    m.name));
    if (*m.name)
        find_source(b, v, &m);
    return m;
}

static void add_template(struct builder *b, const struct value *ref,
                         const struct value *dry, struct analysis_plan *out)
{
    const char *name = value_text(value_get(ref, "templateName"), "");
    const char *cluster = value_text(value_get(ref, "clusterScope"), "false");
    bool wide = strcmp(cluster, "true") == 0;
    const struct value *t = b->shelf->find(b->shelf->ctx, wide, name);
    const struct value *metrics = value_at(t, "spec.metrics");

    if (!t) {
        complain(b, ref, arena_printf(b->a, "there is no %sAnalysisTemplate "
                                      "\"%s\"", wide ? "Cluster" : "", name));
        return;
    }
    b->template = name;
    b->defaults = value_at(t, "spec.args");
    for (size_t i = 0; metrics && i < metrics->len; i++) {
        struct analysis_metric m = metric_of(b, metrics->u.items[i]);

        m.dry = is_dry(dry, m.name) ||
                is_dry(value_at(t, "spec.dryRun"), m.name);
        vec_push(b->a, &out->metrics, m);
    }
}

bool analysis_build(struct arena *a, const struct value *block,
                    const struct analysis_shelf *shelf,
                    struct err_list *errors, struct analysis_plan *out)
{
    const struct value *templates = value_get(block, "templates");
    struct builder b = { .a = a, .errors = errors, .shelf = shelf,
                         .given = value_get(block, "args"), .fine = true };

    *out = (struct analysis_plan){ 0 };
    if (!templates || templates->type != VALUE_LIST || templates->len == 0) {
        complain(&b, block, "an analysis needs templates: [{templateName}]");
        return false;
    }
    for (size_t i = 0; i < templates->len; i++)
        add_template(&b, templates->u.items[i], value_get(block, "dryRun"),
                     out);
    return b.fine;
}
