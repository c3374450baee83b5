/*
 * deployment.c - the Deployment object: fields, defaults, validation.
 *
 * Each of maxSurge and maxUnavailable has its own default of 25%, so that
 * setting one to 0 leaves the other.  Both zero as written is refused;
 * maxUnavailable 1% of few pods, which also comes to 0, is not.
 *
 * Source: pkg/apis/apps/v1/defaults.go and apps/validation/validation.go,
 * Kubernetes 1.36 (reference 1.1, 11.2).
 */
#include "models/workload.h"

#include <string.h>

#include "read.h"

#define REVISION "deployment.kubernetes.io/revision"

/* ---- shape -------------------------------------------------------------- */

static const struct shape_field rolling_fields[] = {
    READ_DEF(INT_OR_TEXT, "maxUnavailable", "25%"),
    READ_DEF(INT_OR_TEXT, "maxSurge", "25%"), SHAPE_END
};
static const struct shape rolling_shape = { rolling_fields, NULL };

/* 25% each, if rollingUpdate is not there at all. */
static const struct value *complete_strategy(struct arena *a,
                                             const struct value *v)
{
    if (strcmp(value_text(value_get(v, "type"), ""), "RollingUpdate") != 0
        || value_get(v, "rollingUpdate"))
        return v;
    v = value_set(a, v, "rollingUpdate.maxUnavailable",
                  value_string(a, "25%", &v->mark));
    return value_set(a, v, "rollingUpdate.maxSurge",
                     value_string(a, "25%", &v->mark));
}

static const struct shape_field strategy_fields[] = {
    READ_DEF(TEXT, "type", "RollingUpdate"),
    OBJECT("rollingUpdate", rolling_shape), SHAPE_END
};
static const struct shape strategy_shape = { strategy_fields,
                                             complete_strategy };
static const struct shape_field spec_fields[] = {
    READ_DEF(INT, "replicas", "1"), OBJECT("selector", shape_selector),
    OBJECT_DEF("template", shape_template),
    OBJECT_DEF("strategy", strategy_shape),
    READ_DEF(INT, "minReadySeconds", "0"),
    READ_DEF(INT, "revisionHistoryLimit", "10"),
    READ_DEF(BOOL, "paused", "false"),
    READ_DEF(INT, "progressDeadlineSeconds", "600"), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field deployment_fields[] = {
    OBJECT_FIELDS(spec_shape)
};
static const struct shape deployment_shape = { deployment_fields, NULL };

/* ---- validation --------------------------------------------------------- */

/* Not both 0 as written, or no step could be taken. */
static void check_rolling(struct reader *r, const struct at *rolling)
{
    struct at missing = at_field(rolling, "maxUnavailable");
    struct at surge = at_field(rolling, "maxSurge");
    struct diag *d;

    check_int_or_percent(r, &missing);
    check_int_or_percent(r, &surge);
    if (!is_some(&missing) && !is_some(&surge)) {
        d = fault(r, &missing, "Invalid", "must not be 0 when maxSurge is 0: "
                  "the rollout could not take a single step");
        diag_help(r->errors, d, "set one of them to at least 1");
        if (surge.v->mark.line > 0)
            diag_note(r->errors, d, &surge.v->mark, "maxSurge is set here");
    }
    check_percent_at_most_100(r, &missing);
}

/* Recreate has no numbers; a wrong type has the path of the strategy. */
static void check_strategy(struct reader *r, const struct at *spec)
{
    static const char *const types[] = { "Recreate", "RollingUpdate", NULL };
    struct at strategy = at_field(spec, "strategy");
    struct at type = at_field(&strategy, "type");
    struct at rolling = at_field(&strategy, "rollingUpdate");
    const char *word = value_text(type.v, "");

    if (strcmp(word, "Recreate") == 0 && rolling.v)
        diag_help(r->errors,
                  fault_forbidden(r, &rolling, "may not be given when the "
                                  "type of the strategy is Recreate"),
                  "remove it, or set type: RollingUpdate");
    else if (strcmp(word, "RollingUpdate") == 0)
        check_rolling(r, &rolling);
    else if (word_index(types, word) < 0) {
        struct at shown = { .v = type.v, .up = strategy.up,
                            .key = strategy.key };

        fault_unsupported(r, &shown, types);
    }
}

/* A pod must be able to become available within the deadline. */
static void check_deadline(struct reader *r, const struct at *spec)
{
    struct at deadline = at_field(spec, "progressDeadlineSeconds");
    struct at ready = at_field(spec, "minReadySeconds");
    struct diag *d;

    check_not_negative(r, spec, "progressDeadlineSeconds");
    if (at_int(&deadline, 0) > at_int(&ready, 0))
        return;
    d = fault(r, &deadline, "Invalid", "(%lld) must be more than "
              "minReadySeconds (%lld)", (long long)at_int(&deadline, 0),
              (long long)at_int(&ready, 0));
    if (!is_written(&deadline))
        d->mark = ready.v->mark;
    else if (is_written(&ready))
        diag_note(r->errors, d, &ready.v->mark,
                  "minReadySeconds is set here");
}

static void check_spec(struct reader *r, const struct at *spec)
{
    struct at selector = at_field(spec, "selector");
    struct at template = at_field(spec, "template");

    check_not_negative(r, spec, "replicas");
    check_selector_required(r, &selector, "Deployment");
    check_template_labels(r, &selector, &template);
    check_template(r, &template, NULL);
    check_lives_for_ever(r, &template, "Deployment");
    check_strategy(r, spec);
    check_not_negative(r, spec, "minReadySeconds");
    check_not_negative(r, spec, "revisionHistoryLimit");
    check_deadline(r, spec);
}

/* ---- typed -------------------------------------------------------------- */

static const struct object_type deployment_type = {
    KIND_DEPLOYMENT, &deployment_shape, NAME_SUBDOMAIN
};

/* The typed form of a validated spec. */
static void make(struct arena *a, struct deployment *d, const struct at *spec)
{
    struct at strategy = at_field(spec, "strategy");
    struct at rolling = at_field(&strategy, "rollingUpdate");
    const char *revision = labels_get(d->meta.annotations, REVISION);

    d->replicas = (int)get_int(spec, "replicas", 1);
    d->selector = selector_from(a, at_field(spec, "selector").v, NULL);
    d->template = template_make(a, at_field(spec, "template").v);
    d->strategy = strcmp(get_text(&strategy, "type", ""), "Recreate") == 0
        ? STRATEGY_RECREATE : STRATEGY_ROLLING_UPDATE;
    d->max_surge = get_int_or_percent(&rolling, "maxSurge");
    d->max_unavailable = get_int_or_percent(&rolling, "maxUnavailable");
    d->min_ready_s = (int)get_int(spec, "minReadySeconds", 0);
    d->revision_history_limit = (int)get_int(spec, "revisionHistoryLimit",
                                             10);
    d->progress_deadline_s = (int)get_int(spec, "progressDeadlineSeconds",
                                          600);
    d->paused = get_bool(spec, "paused", false);
    if (revision)
        parse_int(revision, &d->revision, NULL);
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct deployment *d = arena_make(a, struct deployment);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &deployment_type, &d->meta),
                             "");
    struct at spec = at_field(&root, "spec");

    check_spec(&r, &spec);
    make(a, d, &spec);
    d->raw = root.v;
    return &d->meta;
}

void deployment_set_replicas(struct arena *a, struct deployment *d, int n)
{
    d->replicas = n;
    if (d->raw)
        d->raw = value_set(a, d->raw, "spec.replicas",
                           value_plain(a, arena_printf(a, "%d", n), NULL));
}

static void copy_status(struct meta *dst, const struct meta *src)
{
    struct deployment *to = deployment_of(dst);
    const struct deployment *from = deployment_seen(src);

    to->revision = from->revision;
    to->observed_generation = from->observed_generation;
    to->status_replicas = from->status_replicas;
    to->updated = from->updated;
    to->ready = from->ready;
    to->available = from->available;
    to->unavailable = from->unavailable;
    to->terminating = from->terminating;
    to->collisions = from->collisions;
    to->cond_available = from->cond_available;
    to->progressing = from->progressing;
    to->replica_failure = from->replica_failure;
}

static bool same_size(struct int_or_percent a, struct int_or_percent b)
{
    return a.percent == b.percent && a.value == b.value;
}

static bool spec_changed(const struct meta *ma, const struct meta *mb)
{
    const struct deployment *a = deployment_seen(ma);
    const struct deployment *b = deployment_seen(mb);

    return a->replicas != b->replicas || a->strategy != b->strategy
        || !same_size(a->max_surge, b->max_surge)
        || !same_size(a->max_unavailable, b->max_unavailable)
        || a->min_ready_s != b->min_ready_s
        || a->revision_history_limit != b->revision_history_limit
        || a->progress_deadline_s != b->progress_deadline_s
        || a->paused != b->paused
        || !selector_equal(a->selector, b->selector)
        || a->template->identity != b->template->identity;
}

const struct kind_ops kind_DEPLOYMENT = {
    .size = sizeof(struct deployment), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
    .decode = decode,
};
