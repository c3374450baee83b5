/*
 * cronjob.c - the CronJob object: fields, defaults, validation.
 *
 * Source: pkg/apis/batch/v1/defaults.go and batch/validation, Kubernetes 1.36
 * (reference 3.4).
 */
#include <string.h>

#include "job_impl.h"

#define NAME_MAX_CRON 52        /* the server adds 11 characters */

static const struct shape_field template_fields[] = {
    OBJECT_DEF("metadata", shape_metadata),
    OBJECT_DEF("spec", shape_job_spec), SHAPE_END
};
static const struct shape job_template_shape = { template_fields, NULL };
static const struct shape_field spec_fields[] = {
    READ(TEXT, "schedule"), KEEP(TEXT, "timeZone", NULL),
    READ(INT64, "startingDeadlineSeconds"),
    READ_DEF(TEXT, "concurrencyPolicy", "Allow"),
    READ_DEF(BOOL, "suspend", "false"),
    OBJECT_DEF("jobTemplate", job_template_shape),
    READ_DEF(INT, "successfulJobsHistoryLimit", "3"),
    READ_DEF(INT, "failedJobsHistoryLimit", "1"), SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field cronjob_fields[] = {
    OBJECT_FIELDS(spec_shape)
};
static const struct shape cronjob_shape = { cronjob_fields, NULL };
static const struct object_type cronjob_type = {
    KIND_CRONJOB, &cronjob_shape, NAME_SUBDOMAIN
};

static const char *const policies[] = { "Allow", "Forbid", "Replace", NULL };

/* ---- validation --------------------------------------------------------- */

/* Five fields or a word; zones have a field of their own. */
static void check_schedule(struct reader *r, const struct at *spec)
{
    struct at schedule = at_field(spec, "schedule");
    const char *text = value_text(schedule.v, ""), *why;
    struct cron cron;

    if (schedule.v == NULL) {
        diag_help(r->errors, fault_required(r, &schedule),
                  "for example schedule: \"*/5 * * * *\"");
    } else if (strstr(text, "TZ")) {
        diag_help(r->errors, fault(r, &schedule, "Invalid", "may not contain "
                  "TZ"), "set timeZone instead");
    } else if ((why = cron_parse(text, &cron)) != NULL) {
        fault(r, &schedule, "Invalid", "is no schedule: %s", why);
    }
}

/* A zone, if given, is one of the database. */
static void check_time_zone(struct reader *r, const struct at *spec)
{
    struct at zone = at_field(spec, "timeZone");
    const char *name = value_text(zone.v, "");

    if (zone.v && !is_time_zone(name))
        diag_help(r->errors, fault(r, &zone, "Invalid", "must be a time zone "
                  "of the IANA database, got \"%s\"", name),
                  "for example Europe/Berlin");
    else if (zone.v && strcmp(name, "UTC") != 0 &&
             strcmp(name, "Etc/UTC") != 0)
        report_ignored(r, &zone);       /* everything is UTC here */
}

/* Names end in the time of a run, so they are shorter than others. */
static void check_spec(struct reader *r, const struct at *root)
{
    struct at meta = at_field(root, "metadata");
    struct at name = at_field(&meta, "name"), spec = at_field(root, "spec");
    struct at template = at_field(&spec, "jobTemplate");
    struct at job = at_field(&template, "spec");

    check_schedule(r, &spec);
    check_not_negative(r, &spec, "startingDeadlineSeconds");
    check_time_zone(r, &spec);
    check_word(r, &spec, "concurrencyPolicy", policies, 0);
    check_job_spec(r, &job);
    check_not_negative(r, &spec, "successfulJobsHistoryLimit");
    check_not_negative(r, &spec, "failedJobsHistoryLimit");
    if (strlen(value_text(name.v, "")) > NAME_MAX_CRON)
        fault(r, &name, "Invalid", "of a CronJob must be no more than %d "
              "characters, got %zu", NAME_MAX_CRON,
              strlen(value_text(name.v, "")));
}

/* ---- typed -------------------------------------------------------------- */

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct cronjob *c = arena_make(a, struct cronjob);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &cronjob_type, &c->meta), "");
    struct at spec = at_field(&root, "spec");
    struct at template = at_field(&spec, "jobTemplate");
    struct at meta = at_field(&template, "metadata");
    struct at job = at_field(&template, "spec");
    int policy = word_index(policies,
                            get_text(&spec, "concurrencyPolicy", "Allow"));

    check_spec(&r, &root);
    c->schedule = get_text(&spec, "schedule", "");
    cron_parse(c->schedule, &c->cron);
    c->concurrency = policy < 0 ? CONCURRENCY_ALLOW
        : (enum concurrency)policy;
    c->suspend = get_bool(&spec, "suspend", false);
    c->starting_deadline_s = get_int(&spec, "startingDeadlineSeconds",
                                     JOB_UNSET);
    c->successful_limit = (int)get_int(&spec, "successfulJobsHistoryLimit",
                                       3);
    c->failed_limit = (int)get_int(&spec, "failedJobsHistoryLimit", 1);
    c->job = job_spec_make(a, &job);
    c->job_labels = labels_from(a, at_field(&meta, "labels").v);
    c->job_annotations = labels_from(a, at_field(&meta, "annotations").v);
    c->job_raw = template.v;
    c->raw = root.v;
    c->last_schedule = CRON_NONE;
    c->last_successful = SIM_NEVER;
    return &c->meta;
}

static void copy_status(struct meta *dst, const struct meta *src)
{
    struct cronjob *to = cronjob_of(dst);
    const struct cronjob *from = cronjob_seen(src);

    to->active = from->active;
    to->nactive = from->nactive;
    to->last_schedule = from->last_schedule;
    to->last_successful = from->last_successful;
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    const struct value *old = value_get(cronjob_seen(a)->raw, "spec");
    const struct value *new = value_get(cronjob_seen(b)->raw, "spec");

    return old != new && !(old && new && value_equal(old, new));
}

const struct kind_ops kind_CRONJOB = {
    .size = sizeof(struct cronjob), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
    .decode = decode,
};
