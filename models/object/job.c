/*
 * job.c - the Job object, and the spec that CronJobs share: fields, defaults,
 * validation.
 *
 * The server makes the selector, and labels the pods, unless manualSelector
 * is set.  A selector that it made for another Job (from `kubectl get`) is
 * dropped here; the real server would refuse it.
 *
 * Not checked: whether podFailurePolicy and successPolicy make sense.
 * Source: pkg/apis/batch/v1/defaults.go and batch/validation, Kubernetes 1.36
 * (reference 3.3).
 */
#include <string.h>

#include "job_impl.h"

/* ---- shape -------------------------------------------------------------- */

/* Labels and selector entries that the server makes. */
static const char *const made_keys[] = {
    "controller-uid", "job-name", "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name", NULL
};

/* The map at path without the server's keys; without the map if it is empty. */
static const struct value *without_made(struct arena *a,
                                        const struct value *v,
                                        const char *path)
{
    for (size_t i = 0; made_keys[i] != NULL; i++) {
        const char *entry = arena_printf(a, "%s.\"%s\"", path, made_keys[i]);

        if (value_at(v, entry))
            v = value_set(a, v, entry, NULL);
    }
    if (value_at(v, path) && value_at(v, path)->len == 0)
        v = value_set(a, v, path, NULL);
    return v;
}

/* One pod, one success, six failures; what the server made is left out. */
static const struct value *complete_job(struct arena *a,
                                        const struct value *v)
{
    const struct value *selector;
    bool none = value_get(v, "completions") == NULL
        && value_get(v, "parallelism") == NULL;

    if (none)
        v = with_plain(a, v, "completions", "1");
    if (value_get(v, "parallelism") == NULL)
        v = with_plain(a, v, "parallelism", "1");
    if (value_get(v, "backoffLimit") == NULL)
        v = with_plain(a, v, "backoffLimit",
                       value_get(v, "backoffLimitPerIndex") ? "2147483647"
                       : "6");
    if (strcmp(value_text(value_get(v, "manualSelector"), ""), "true") == 0)
        return v;
    v = without_made(a, v, "selector.matchLabels");
    selector = value_get(v, "selector");
    if (selector && selector->len == 0)
        v = value_set(a, v, "selector", NULL);
    return without_made(a, v, "template.metadata.labels");
}

static const struct shape_field exit_codes_fields[] = {
    READ(TEXT, "containerName"), READ(TEXT, "operator"),
    READ(INTS, "values"), SHAPE_END
};
static const struct shape exit_codes_shape = { exit_codes_fields, NULL };
static const struct shape_field condition_fields[] = {
    READ(TEXT, "type"), READ_DEF(TEXT, "status", "True"), SHAPE_END
};
static const struct shape condition_shape = { condition_fields, NULL };
static const struct shape_field failure_rule_fields[] = {
    READ(TEXT, "action"), OBJECT("onExitCodes", exit_codes_shape),
    LIST("onPodConditions", condition_shape), SHAPE_END
};
static const struct shape failure_rule_shape = { failure_rule_fields, NULL };
static const struct shape_field failure_policy_fields[] = {
    LIST("rules", failure_rule_shape), SHAPE_END
};
static const struct shape failure_policy_shape = { failure_policy_fields,
                                                   NULL };
static const struct shape_field success_rule_fields[] = {
    READ(TEXT, "succeededIndexes"), READ(INT, "succeededCount"), SHAPE_END
};
static const struct shape success_rule_shape = { success_rule_fields, NULL };
static const struct shape_field success_policy_fields[] = {
    LIST("rules", success_rule_shape), SHAPE_END
};
static const struct shape success_policy_shape = { success_policy_fields,
                                                   NULL };

static const struct shape_field job_spec_fields[] = {
    READ(INT, "parallelism"), READ(INT, "completions"),
    READ(INT64, "activeDeadlineSeconds"), READ(INT, "backoffLimit"),
    READ(INT, "backoffLimitPerIndex"), READ(INT, "maxFailedIndexes"),
    OBJECT("selector", shape_selector), READ(BOOL, "manualSelector"),
    OBJECT_DEF("template", shape_template),
    READ(INT, "ttlSecondsAfterFinished"),
    READ_DEF(TEXT, "completionMode", "NonIndexed"),
    READ_DEF(BOOL, "suspend", "false"), OBJECT("podFailurePolicy",
                                             failure_policy_shape),
    OBJECT("successPolicy", success_policy_shape),
    READ(TEXT, "podReplacementPolicy"),
    REPORT(TEXT, "managedBy"), SHAPE_END
};
const struct shape shape_job_spec = { job_spec_fields, complete_job };
static const struct shape_field job_fields[] = {
    OBJECT_FIELDS(shape_job_spec)
};
static const struct shape job_shape = { job_fields, NULL };
static const struct object_type job_type = {
    KIND_JOB, &job_shape, NAME_SUBDOMAIN
};

/* ---- validation --------------------------------------------------------- */

static bool is_indexed(const struct at *spec)
{
    return strcmp(get_text(spec, "completionMode", ""), "Indexed") == 0;
}

/* Indexes need a number of completions. */
static void check_indexed(struct reader *r, const struct at *spec)
{
    struct at completions = at_field(spec, "completions");
    struct at parallelism = at_field(spec, "parallelism");
    struct at failed = at_field(spec, "maxFailedIndexes");

    if (completions.v == NULL)
        fault(r, &completions, "Required", "is required when completionMode "
              "is Indexed");
    if (at_int(&parallelism, 0) > 100000)
        fault(r, &parallelism, "Invalid", "must be at most 100000 when "
              "completionMode is Indexed");
    if (failed.v && completions.v
        && at_int(&failed, 0) > at_int(&completions, 0))
        fault(r, &failed, "Invalid", "must be at most completions");
}

/* Limits per index and success policies are for indexed Jobs only. */
static void check_mode(struct reader *r, const struct at *spec)
{
    static const char *const modes[] = { "NonIndexed", "Indexed", NULL };
    static const char *const per_index[] = { "backoffLimitPerIndex",
                                             "maxFailedIndexes" };
    struct at success = at_field(spec, "successPolicy");
    int mode = check_word(r, spec, "completionMode", modes, -1);

    if (mode == 1)
        check_indexed(r, spec);
    for (size_t i = 0; mode == 0 && i < 2; i++) {
        struct at at = at_field(spec, per_index[i]);

        if (at.v)
            fault(r, &at, "Invalid", "needs completionMode Indexed");
    }
    if (success.v && !is_indexed(spec))
        fault(r, &success, "Invalid", "needs completionMode Indexed");
}

/* A Job's pods end: their restartPolicy is not Always, which is the default. */
static void check_restart(struct reader *r, const struct at *spec)
{
    static const char *const words[] = { "OnFailure", "Never", NULL };
    struct at template = at_field(spec, "template");
    struct at pod = at_field(&template, "spec");
    struct at restart = at_field(&pod, "restartPolicy");
    const char *word = value_text(restart.v, "");

    if (strcmp(word, "Always") == 0)
        diag_help(r->errors, fault(r, &restart, "Required", "of a Job must "
                  "be OnFailure or Never (Always if not given)"),
                  "restartPolicy: Never");
    else if (word_index(words, word) < 0)
        fault_unsupported(r, &restart, words);
    else if (at_field(spec, "podFailurePolicy").v && strcmp(word, "Never"))
        fault(r, &restart, "Invalid", "must be Never when there is a "
              "podFailurePolicy");
    else if (at_field(spec, "backoffLimitPerIndex").v && strcmp(word, "Never"))
        fault(r, &restart, "Invalid", "must be Never when there is a "
              "backoffLimitPerIndex");
}

static const char *const failure_actions[] = { "Count", "Ignore", "FailJob",
                                               "FailIndex", NULL };

/* A rule has an action, and exit codes or conditions. */
static void check_failure_policy(struct reader *r, const struct at *spec)
{
    static const char *const operators[] = { "In", "NotIn", NULL };
    struct at policy = at_field(spec, "podFailurePolicy");
    struct at rules = at_field(&policy, "rules");

    for (size_t i = 0; i < at_len(&rules); i++) {
        struct at rule = at_item(&rules, i), action = at_field(&rule,
                                                               "action");
        struct at codes = at_field(&rule, "onExitCodes");
        struct at conditions = at_field(&rule, "onPodConditions");

        if (action.v == NULL)
            fault_required(r, &action);
        else
            check_word(r, &rule, "action", failure_actions, 0);
        if (strcmp(value_text(action.v, ""), "FailIndex") == 0 &&
            !at_field(spec, "backoffLimitPerIndex").v)
            fault(r, &action, "Invalid", "FailIndex needs "
                  "backoffLimitPerIndex");
        if (codes.v)
            check_word(r, &codes, "operator", operators, 0);
        if (codes.v && conditions.v)
            fault(r, &rule, "Invalid", "may not have both onExitCodes and "
                  "onPodConditions");
        else if (!codes.v && !conditions.v)
            fault(r, &rule, "Invalid", "must have onExitCodes or "
                  "onPodConditions");
    }
}

void check_job_spec(struct reader *r, const struct at *spec)
{
    static const char *const numbers[] = { "parallelism", "completions",
        "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
        "backoffLimitPerIndex", "maxFailedIndexes" };
    static const char *const replacement[] = { "Failed",
        "TerminatingOrFailed", NULL };
    struct at template = at_field(spec, "template");
    struct at per_index = at_field(spec, "backoffLimitPerIndex");

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        check_not_negative(r, spec, numbers[i]);
    if (at_field(spec, "maxFailedIndexes").v && per_index.v == NULL)
        fault(r, &per_index, "Required", "is required when there are "
              "maxFailedIndexes");
    check_mode(r, spec);
    check_failure_policy(r, spec);
    check_word(r, spec, "podReplacementPolicy", replacement, 0);
    check_template(r, &template, NULL);
    check_restart(r, spec);
}

/* The selector, which is the server's unless manualSelector. */
static void check_job_selector(struct reader *r, const struct at *spec)
{
    struct at selector = at_field(spec, "selector");
    struct at template = at_field(spec, "template");

    if (get_bool(spec, "manualSelector", false)) {
        if (selector.v == NULL)
            fault_required(r, &selector);
        check_selector(r, &selector);
        check_template_labels(r, &selector, &template);
    } else if (selector.v) {
        diag_help(r->errors, fault(r, &selector, "Invalid", "is made by the "
                  "server"), "remove it, or set manualSelector: true");
        check_selector(r, &selector);
        check_template_labels(r, &selector, &template);
    }
}

/* The host names of the pods of an indexed Job must be names. */
static void check_pod_names(struct reader *r, const struct at *root,
                            const struct at *spec)
{
    struct at meta = at_field(root, "metadata"), name = at_field(&meta,
                                                                 "name");
    int64_t n = get_int(spec, "completions", 0);
    size_t len;

    if (!is_indexed(spec) || n <= 0)
        return;
    len = strlen(arena_printf(r->arena, "%s-%lld", value_text(name.v, ""),
                              (long long)n - 1));
    if (len > 63)
        fault(r, &name, "Invalid", "is too long for the names of pods, which "
              "end in -%lld", (long long)n - 1);
}

/* ---- typed -------------------------------------------------------------- */

/* The typed form of one rule. */
static void failure_rule_make(struct arena *a, const struct at *rule,
                              struct failure_rule *out)
{
    struct at codes = at_field(rule, "onExitCodes");
    struct at values = at_field(&codes, "values");
    struct at list = at_field(rule, "onPodConditions");
    int action = word_index(failure_actions, get_text(rule, "action", ""));
    int *numbers = arena_many(a, int, at_len(&values));
    const char **types = arena_many(a, const char *, at_len(&list));

    for (size_t i = 0; i < at_len(&values); i++) {
        struct at item = at_item(&values, i);

        numbers[i] = (int)at_int(&item, 0);
    }
    for (size_t i = 0; i < at_len(&list); i++) {
        struct at item = at_item(&list, i);

        types[i] = get_text(&item, "type", "");
    }
    out->action = action < 0 ? FAILURE_COUNT : (enum failure_action)action;
    out->container = get_text(&codes, "containerName", NULL);
    out->on_exit_codes = codes.v != NULL;
    out->not_in = strcmp(get_text(&codes, "operator", ""), "NotIn") == 0;
    out->codes = numbers;
    out->ncodes = at_len(&values);
    out->conditions = types;
    out->nconditions = at_len(&list);
}

/* The typed forms of podFailurePolicy and successPolicy. */
static void policies_make(struct arena *a, const struct at *spec,
                          struct job_spec *s)
{
    struct at failure = at_field(spec, "podFailurePolicy");
    struct at success = at_field(spec, "successPolicy");
    struct at fail = at_field(&failure, "rules");
    struct at done = at_field(&success, "rules");
    struct failure_rule *f = arena_many(a, struct failure_rule,
                                        at_len(&fail));
    struct success_rule *d = arena_many(a, struct success_rule,
                                        at_len(&done));

    for (size_t i = 0; i < at_len(&fail); i++) {
        struct at item = at_item(&fail, i);

        failure_rule_make(a, &item, &f[i]);
    }
    for (size_t i = 0; i < at_len(&done); i++) {
        struct at item = at_item(&done, i);

        d[i].indexes = get_text(&item, "succeededIndexes", NULL);
        d[i].count = (int)get_int(&item, "succeededCount", JOB_UNSET);
    }
    s->failure_policy = failure.v != NULL;
    s->failure_rules = f;
    s->nfailure_rules = at_len(&fail);
    s->success_rules = d;
    s->nsuccess_rules = at_len(&done);
}

const struct job_spec *job_spec_make(struct arena *a, const struct at *spec)
{
    struct job_spec *s = arena_make(a, struct job_spec);

    s->parallelism = (int)get_int(spec, "parallelism", 1);
    s->completions = (int)get_int(spec, "completions", JOB_UNSET);
    s->backoff_limit = (int)get_int(spec, "backoffLimit", 6);
    s->backoff_per_index = (int)get_int(spec, "backoffLimitPerIndex",
                                        JOB_UNSET);
    s->max_failed_indexes = (int)get_int(spec, "maxFailedIndexes", JOB_UNSET);
    s->deadline_s = get_int(spec, "activeDeadlineSeconds", JOB_UNSET);
    s->ttl_s = get_int(spec, "ttlSecondsAfterFinished", JOB_UNSET);
    s->indexed = is_indexed(spec);
    s->suspend = get_bool(spec, "suspend", false);
    s->only_failed_replaced = strcmp(get_text(spec, "podReplacementPolicy",
                                              ""), "Failed") == 0;
    s->template = template_make(a, at_field(spec, "template").v);
    policies_make(a, spec, s);
    return s;
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct batch_job *j = arena_make(a, struct batch_job);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &job_type, &j->meta), "");
    struct at spec = at_field(&root, "spec");

    check_job_spec(&r, &spec);
    check_job_selector(&r, &spec);
    check_pod_names(&r, &root, &spec);
    j->spec = job_spec_make(a, &spec);
    j->raw = root.v;
    j->started = j->completed = SIM_NEVER;
    return &j->meta;
}

static void copy_status(struct meta *dst, const struct meta *src)
{
    struct batch_job *to = batch_job_of(dst);
    const struct batch_job keep = *to;

    *to = *batch_job_seen(src);
    to->meta = keep.meta;
    to->spec = keep.spec;
    to->raw = keep.raw;
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    return batch_job_seen(a)->spec != batch_job_seen(b)->spec;
}

const struct kind_ops kind_JOB = {
    .size = sizeof(struct batch_job), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
    .decode = decode,
};
