/*
 * behaviour.c - how the processes of an image behave.
 *
 * The images: section maps patterns to entries; an image gets the entry "*",
 * then that of its repository, then that of repository:tag, key by key, each
 * over the last.  Entries are checked one by one when the scenario is read;
 * the result for an image is made when it is first asked for, and kept.
 *
 * A service that says nothing starts at once and answers every request after
 * 10 ms, a hundred at a time with no end of a queue: enough to rehearse with,
 * and seldom what a real one does.
 */
#include "models/behaviour.h"

#include <pthread.h>
#include <string.h>

#include "base/map.h"
#include "base/units.h"

/* ---- parts that are more than a row ----------------------------------------------- */

static bool is_word(const struct value *v, const char *word)
{
    return v->type == VALUE_SCALAR && strcmp(v->u.text, word) == 0;
}

struct flap {
    struct dist up, down;
};

static const struct field flap_fields[] = {
    FIELD_DIST(struct flap, up, "up", "never", "ready for this long"),
    FIELD_DIST(struct flap, down, "down", "never",
               "then not ready for this long, and so on"),
    FIELD_END
};

struct readiness_map {
    const struct value *flap;
    struct dist after, lose;
    int never_first;
    int on_term;
};

static const char *const on_term_names[] = { "stay", "notReady", NULL };

static const struct field readiness_fields[] = {
    FIELD(VALUE, struct readiness_map, flap, "flap", NULL, 0, 0, "-",
          "{up, down}: ready and not ready in turn"),
    FIELD_DIST(struct readiness_map, after, "after", "never",
               "Ready this long after the container runs, whatever the "
               "probes"),
    FIELD_DIST(struct readiness_map, lose, "lose", "never",
               "not Ready for good, this long after it became Ready"),
    FIELD(INT32, struct readiness_map, never_first, "neverFirst", "0", 0, 1e6,
          "pods", "the first pods of an owner that never become Ready"),
    FIELD_ENUM(struct readiness_map, on_term, "onTerm", "stay", on_term_names,
               "what Ready does when the pod is told to stop"),
    FIELD_END
};

static bool parse_readiness(struct binder *b, const struct value *v,
                            void *out)
{
    struct readiness *r = out;
    struct readiness_map m = { 0 };
    struct flap flap = { 0 };
    bool good;

    *r = (struct readiness){ .lose = dist_never() };
    if (is_word(v, "probe"))
        return true;
    if (is_word(v, "never")) {
        r->mode = READINESS_NEVER;
        return true;
    }
    if (v->type != VALUE_MAP) {
        field_expected(b, v, "probe, never, or a map of flap, after, lose, "
                             "neverFirst, onTerm");
        return false;
    }
    good = field_bind(b, v, readiness_fields, &m);
    r->lose = m.lose;
    r->never_first = m.never_first;
    r->not_ready_on_term = m.on_term == 1;
    r->after = m.after;
    if (value_get(v, "after"))
        r->mode = READINESS_AFTER;
    if (m.flap) {
        r->mode = READINESS_FLAP;
        good = field_bind(b, m.flap, flap_fields, &flap) && good;
        r->up = flap.up;
        r->down = flap.down;
    }
    return good;
}

static void schema_readiness(FILE *out)
{
    fputs("{\"anyOf\":[{\"enum\":[\"probe\",\"never\"]},", out);
    field_schema(out, readiness_fields);
    fputs("]}", out);
}

struct match {                  /* of requests, by what they carry */
    const char *header, *cookie, *value;
};

static const struct field match_fields[] = {
    FIELD(STRING, struct match, header, "header", NULL, 0, 0, "-",
          "its name, of clients.attributes"),
    FIELD(STRING, struct match, cookie, "cookie", NULL, 0, 0, "-",
          "the same of a cookie"),
    { .type = FIELD_T_STRING, .key = "value",
      .offset = offsetof(struct match, value), .unit = "-",
      .doc = "which it must have", .flags = FIELD_REQUIRED },
    FIELD_END
};

static bool parse_match(struct binder *b, const struct value *v, void *out)
{
    struct error_rate *e = (struct error_rate *)
        ((char *)out - offsetof(struct error_rate, key));
    struct match m = { 0 };

    if (v->type == VALUE_NULL)
        return true;
    if (v->type != VALUE_MAP) {
        field_expected(b, v, "{header: NAME, value: VALUE}");
        return false;
    }
    if (!field_bind(b, v, match_fields, &m))
        return false;
    e->key = m.header ? m.header : m.cookie;
    e->value = m.value;
    if (!e->key)
        field_expected(b, v, "{header: NAME, value: VALUE}, or a cookie");
    return e->key != NULL;
}

static void schema_match(FILE *out)
{
    field_schema(out, match_fields);
}

static const struct field error_fields[] = {
    FIELD(SHARE, struct error_rate, rate, "rate", "0%", 0, 1, "share",
          "requests answered with an error"),
    FIELD_DIST(struct error_rate, after, "after", "0s",
               "from this long after the start"),
    FIELD_DIST(struct error_rate, lasting, "for", "never",
               "for this long; never: for good"),
    FIELD_CUSTOM(struct error_rate, key, "match", NULL, parse_match,
                 schema_match, "-", "only requests of clients with a header or "
                 "cookie: {header or cookie, value}"),
    FIELD_END
};

static bool parse_error_rate(struct binder *b, const struct value *v,
                             void *out)
{
    struct error_rate *e = out;
    const char *why = NULL;

    if (v->type == VALUE_MAP)
        return field_bind(b, v, error_fields, e);
    *e = (struct error_rate){ .after = dist_constant(0),
                              .lasting = dist_never() };
    if (v->type == VALUE_SCALAR &&
        parse_share(v->u.text, false, &e->rate, &why))
        return true;
    field_expected(b, v, "a share such as 4%, or {rate, after, for, match}");
    return false;
}

static void schema_error_rate(FILE *out)
{
    fputs("{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"number\"},", out);
    field_schema(out, error_fields);
    fputs("]}", out);
}

static const struct field warmup_fields[] = {
    FIELD(SHARE, struct behaviour, warm_from, "from", "100%", 0.001, 1,
          "share", "speed when it begins to answer"),
    FIELD_DIST(struct behaviour, warm_over, "over", "0s",
               "time until full speed"),
    FIELD_END
};

static const struct field crash_fields[] = {
    FIELD_DIST(struct crash, every, "every", "never",
               "exits this long after each start"),
    FIELD_DIST(struct crash, after, "after", "never",
               "exits once, this long after the first start of the pod"),
    FIELD(INT32, struct crash, exit_code, "exitCode", "1", 0, 255, "-",
          "what it exits with"),
    FIELD_END
};

static const char *const shutdown_names[] = { "drain", "immediate", "ignore",
                                              NULL };

static const struct field shutdown_fields[] = {
    FIELD_ENUM(struct behaviour, shutdown, "mode", "drain", shutdown_names,
               "after SIGTERM: finish what is in flight, end at once, or take "
               "no notice"),
    FIELD_DIST(struct behaviour, shutdown_time, "time", "0s",
               "SIGTERM to the end of the process, if given"),
    FIELD_END
};

static const struct field fails_fields[] = {
    FIELD(SHARE, struct behaviour, fails, "share", "0%", 0, 1, "share",
          "pods that end with an error"),
    FIELD(INT32, struct behaviour, fails_first, "first", "0", 0, 1e6, "pods",
          "the first pods of an owner that do"),
    FIELD_DIST(struct behaviour, fails_after, "after", "never",
               "how long these run; never: as long as the others"),
    FIELD_END
};

static const struct field call_fields[] = {
    { .type = FIELD_T_STRING, .key = "to",
      .offset = offsetof(struct call_out, to), .unit = "-",
      .doc = "service/NAME", .flags = FIELD_REQUIRED },
    FIELD(INT32, struct call_out, count, "count", "1", 1, 1000, "requests",
          "how many, to serve one request"),
    FIELD(BOOL, struct call_out, parallel, "parallel", "false", 0, 0, "-",
          "all at once instead of one after the other"),
    FIELD(INT32, struct call_out, at_least, "atLeast", "0", 0, 1000, "answers",
          "good ones that will do, when all have been waited for; 0: all"),
    FIELD(DURATION, struct call_out, within, "within", "0s", 0, 86400, "s",
          "answers that take longer are not waited for; 0: all are"),
    FIELD(INT32, struct call_out, shards, "shards", "0", 0, 250, "shards",
          "pods NAME-0, NAME-1, ... of a StatefulSet, each with a part of the "
          "data: the first call goes to that of the key, the next one to the "
          "next; 0: any pod will do"),
    FIELD(STRINGS, struct call_out, understands, "understands", NULL, 0, 0,
          "-", "tags of the images whose answers it can use; of others they "
          "are errors; all if absent"),
    FIELD_END
};

static bool parse_calls(struct binder *b, const struct value *v, void *out)
{
    struct behaviour *bh = (struct behaviour *)
        ((char *)out - offsetof(struct behaviour, calls));
    struct call_out *calls;
    bool good = true;

    if (v->type == VALUE_NULL)
        return true;
    if (v->type != VALUE_LIST) {
        field_expected(b, v, "a list of {to, count, parallel}");
        return false;
    }
    calls = arena_many(b->arena, struct call_out, v->len);
    for (size_t i = 0; i < v->len; i++) {
        size_t mark = field_enter_item(b, i);

        good = field_bind(b, v->u.items[i], call_fields, &calls[i]) && good;
        if (calls[i].at_least > calls[i].count) {
            err_error(b->errors, &v->u.items[i]->mark, "atLeast %d of %d "
                      "calls", calls[i].at_least, calls[i].count);
            good = false;
        }
        field_leave(b, mark);
    }
    if (v->len > UINT8_MAX) {
        err_error(b->errors, &v->mark, "more than %d calls", UINT8_MAX);
        return false;
    }
    bh->calls = calls;
    bh->ncalls = v->len;
    return good;
}

static void schema_calls(FILE *out)
{
    fputs("{\"type\":\"array\",\"items\":", out);
    field_schema(out, call_fields);
    fputs("}", out);
}

static bool parse_takes(struct binder *b, const struct value *v, void *out)
{
    const char *text = value_text(v, "");

    if (strncmp(text, "queue/", 6) != 0 || !text[6]) {
        field_expected(b, v, "queue/NAME");
        return false;
    }
    *(const char **)out = text;
    return true;
}

static const char *const need_names[] = { "nothing", "leader", "majority",
                                          NULL };

static const struct field group_fields[] = {
    FIELD_ENUM(struct group_rule, needs, "needs", "nothing", need_names,
               "of the pods of the workload, or a request is an error: one "
               "that holds a lease, or more than half of the replicas"),
    FIELD(DURATION, struct group_rule, lease, "lease", "15s", 0, 3600, "s",
          "how long the lease of a leader that died keeps the others out"),
    FIELD(DURATION, struct group_rule, retry, "retry", "2s", 0, 3600, "s",
          "how often the leader renews it and the others ask for it"),
    FIELD(BOOL, struct group_rule, releases, "releases", "false", 0, 0, "-",
          "a leader that is told to stop gives the lease up"),
    FIELD_END
};

static const struct field database_fields[] = {
    FIELD(STRING, struct database_use, name, "name", "database", 0, 0, "-",
          "which one, of cluster.databases or without a limit"),
    FIELD(INT32, struct database_use, connections, "connections", "0", 0, 1e6,
          "connections", "of a pod, from the moment it listens to its end; it "
          "exits with an error if there are not enough"),
    FIELD_END
};

#define FORM_MAX 63

/* A form, or a list of forms, as bits. */
static bool parse_reads(struct binder *b, const struct value *v, void *out)
{
    const struct value *const *items = &v;
    size_t n = 1;
    uint64_t forms = 0;

    if (v->type == VALUE_LIST) {
        items = v->u.items;
        n = v->len;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t form = 0;

        if (!parse_int(value_text(items[i], ""), &form, NULL) || form < 1 ||
            form > FORM_MAX) {
            field_expected(b, items[i], "a number from 1 to 63, or a list of "
                                        "such");
            return false;
        }
        forms |= UINT64_C(1) << form;
    }
    *(uint64_t *)out = forms;
    return true;
}

static void schema_reads(FILE *out)
{
    const char *form = "{\"type\":\"integer\",\"minimum\":1,"
                       "\"maximum\":63}";

    fprintf(out, "{\"anyOf\":[%s,{\"type\":\"array\",\"items\":%s}]}",
            form, form);
}

static const struct field schema_fields[] = {
    FIELD_CUSTOM(struct schema_rule, reads, "reads", NULL, parse_reads,
                 schema_reads, "-", "the schemas that it understands, a number "
                 "or a list; what it writes if absent"),
    FIELD(INT32, struct schema_rule, writes, "writes", "0", 0, FORM_MAX, "-",
          "the schema in which it writes; the first pod that starts brings "
          "all data into it"),
    FIELD_END
};

static const struct field rule_fields[] = {
    { .type = FIELD_T_STRING, .key = "from",
      .offset = offsetof(struct config_rule, from), .unit = "-",
      .doc = "configmap/NAME or secret/NAME, which the pod mounts or has in "
             "its environment", .flags = FIELD_REQUIRED },
    { .type = FIELD_T_STRING, .key = "key",
      .offset = offsetof(struct config_rule, key), .unit = "-",
      .doc = "a key of it", .flags = FIELD_REQUIRED },
    { .type = FIELD_T_STRING, .key = "is",
      .offset = offsetof(struct config_rule, is), .unit = "-",
      .doc = "its value, if the rule is to hold", .flags = FIELD_REQUIRED },
    { .type = FIELD_T_VALUE, .key = "then",
      .offset = offsetof(struct config_rule, then), .unit = "-",
      .doc = "what is different then: keys of the image",
      .flags = FIELD_REQUIRED },
    FIELD_END
};

/* The kind and name that `from` says. */
static bool parse_from(struct binder *b, const struct value *v,
                       struct config_rule *rule)
{
    const char *slash = rule->from ? strchr(rule->from, '/') : NULL;
    enum kind kind = slash
        ? kind_by_resource(arena_strndup(b->arena, rule->from,
                                         (size_t)(slash - rule->from)))
        : KIND_NONE;

    rule->kind = kind;
    rule->name = slash ? slash + 1 : "";
    if ((kind == KIND_CONFIGMAP || kind == KIND_SECRET) && *rule->name)
        return true;
    if (rule->from)
        field_expected(b, value_get(v, "from"), "configmap/NAME or "
                                                "secret/NAME");
    return false;
}

static bool check_then(struct binder *b, const struct value *then)
{
    struct behaviour scratch = { 0 };
    size_t mark;
    bool good;

    if (!then)
        return false;
    mark = field_enter(b, "then");
    if (value_get(then, "config")) {
        field_enter(b, "config");
        field_expected(b, value_get(then, "config"), "absent within then");
        good = false;
    } else {
        good = field_bind(b, then, behaviour_fields, &scratch);
    }
    field_leave(b, mark);
    return good;
}

static bool parse_rules(struct binder *b, const struct value *v, void *out)
{
    struct behaviour *bh = (struct behaviour *)
        ((char *)out - offsetof(struct behaviour, rules));
    struct config_rule *rules;
    bool good = true;

    if (v->type == VALUE_NULL)
        return true;
    if (v->type != VALUE_LIST || v->len > CONFIG_RULES_MAX) {
        field_expected(b, v, "a list of at most 64 {from, key, is, then}");
        return false;
    }
    rules = arena_many(b->arena, struct config_rule, v->len);
    for (size_t i = 0; i < v->len; i++) {
        const struct value *item = v->u.items[i];
        size_t mark = field_enter_item(b, i);

        good = field_bind(b, item, rule_fields, &rules[i]) &&
               parse_from(b, item, &rules[i]) &&
               check_then(b, rules[i].then) && good;
        field_leave(b, mark);
    }
    bh->rules = rules;
    bh->nrules = v->len;
    return good;
}

static void schema_rules(FILE *out)
{
    fputs("{\"type\":\"array\",\"items\":", out);
    field_schema(out, rule_fields);
    fputs("}", out);
}

/* "10Mi/min", "1Mi/s": bytes per second. */
static bool parse_leak(struct binder *b, const struct value *v, void *out)
{
    const char *text = value_text(v, "");
    const char *slash = strchr(text, '/');
    struct quantity q;
    double per = 0;

    if (slash && strcmp(slash, "/s") == 0)
        per = 1;
    if (slash && strcmp(slash, "/min") == 0)
        per = 60;
    if (slash && strcmp(slash, "/h") == 0)
        per = 3600;
    if (per == 0 ||
        !parse_quantity(arena_strndup(b->arena, text, (size_t)(slash - text)),
                        &q, NULL)) {
        field_expected(b, v, "bytes per time, such as 10Mi/min");
        return false;
    }
    *(double *)out = (double)quantity_value(q) / per;
    return true;
}

static void schema_text(FILE *out)
{
    fputs("{\"type\":\"string\"}", out);
}

static bool parse_size(struct binder *b, const struct value *v, void *out)
{
    struct quantity q;

    if (v->type != VALUE_SCALAR || !parse_quantity(v->u.text, &q, NULL)) {
        field_expected(b, v, "a size such as 120Mi");
        return false;
    }
    *(double *)out = (double)quantity_value(q);
    return true;
}

/* ---- the table ------------------------------------------------------------------------ */

/* A map whose rows are of struct behaviour itself. */
#define IN_PLACE(key_, sub_, doc_)                                            \
    { .type = FIELD_T_OBJECT, .key = key_, .sub = sub_,                      \
      .sub_size = sizeof(struct behaviour), .unit = "-", .doc = doc_ }

static const char *const departures_names[] = { "auto", "events", NULL };

const struct field behaviour_fields[] = {
    FIELD_DIST(struct behaviour, pull, "pull", "never",
               "pulling the image to a node; default timings.imagePull; never: "
               "it cannot be pulled"),
    FIELD_CUSTOM(struct behaviour, size_bytes, "size", "0", parse_size,
                 schema_text, "bytes", "pulled from the registry at its "
                 "speed, if pull is not given"),
    FIELD_DIST(struct behaviour, container_start, "containerStart", "0s",
               "creating and starting its container; default "
               "timings.containerStart"),
    FIELD_DIST(struct behaviour, startup, "startup", "0s",
               "container started to first answer"),
    FIELD_CUSTOM(struct behaviour, readiness, "readiness", "probe",
                 parse_readiness, schema_readiness, "-",
                 "probe: by the manifest's probes; never; or a map"),
    FIELD_DIST(struct behaviour, service, "service", "10ms",
               "work per request at full speed"),
    FIELD_DIST(struct behaviour, accept, "accept", "0s",
               "a new connection to the moment the process takes it; those that "
               "it has not taken when it closes its door are reset"),
    FIELD(DURATION, struct behaviour, cpu_per_request, "cpuPerRequest", "0s",
          0, 3600, "cpu s", "cpu time of a request, for autoscalers; 0: a core "
          "for as long as a worker is busy with it"),
    FIELD(INT32, struct behaviour, concurrency, "concurrency", "100", 1, 1e6,
          "requests", "served at once by one pod"),
    FIELD(INT32, struct behaviour, queue, "queue", "1000000", 0, 1e9,
          "requests", "that may wait in one pod before it refuses"),
    FIELD_ENUM(struct behaviour, departures, "departures", "auto",
               departures_names, "auto: known when a request arrives, unless "
               "it depends on calls; events: one event each, slower, with the "
               "same results"),
    FIELD_CUSTOM(struct behaviour, error, "errorRate", "0%", parse_error_rate,
                 schema_error_rate, "share", "requests answered with 5xx"),
    FIELD(SHARE, struct behaviour, conversion, "conversion", "0%", 0, 1,
          "share", "users who convert, if the first answer that they get is "
          "no failure"),
    FIELD(REAL, struct behaviour, slowdown, "slowdown", "1", 0.001, 1e6, "-",
          "factor on service"),
    IN_PLACE("warmup", warmup_fields, "slower at first (cold caches)"),
    FIELD_SUB(OBJECT, struct behaviour, crash, "crash", crash_fields,
              struct crash, "exits by itself"),
    FIELD_DIST(struct behaviour, hang, "hang", "never",
               "stops answering, this long after the start"),
    FIELD_CUSTOM(struct behaviour, leak_bytes_per_s, "memoryLeak", "0/s",
                 parse_leak, schema_text, "bytes/s",
                 "grows until the memory limit kills it"),
    IN_PLACE("shutdown", shutdown_fields, "what SIGTERM does"),
    FIELD_CUSTOM(struct behaviour, calls, "calls", NULL, parse_calls,
                 schema_calls, "-", "requests to other services"),
    FIELD_CUSTOM(struct behaviour, takes, "takes", NULL, parse_takes,
                 schema_text, "-", "queue/NAME, of cluster.queues: it is a "
                 "worker, and `service` is how long a task takes"),
    FIELD_SUB(OBJECT, struct behaviour, group, "group", group_fields,
              struct group_rule, "pods that depend on each other"),
    FIELD_SUB(OBJECT, struct behaviour, database, "database",
              database_fields, struct database_use, "what it has of a "
              "database outside of the cluster"),
    FIELD_SUB(OBJECT, struct behaviour, schema, "schema", schema_fields,
              struct schema_rule, "the form of the data there: whoever cannot "
              "read what is kept or written answers with errors"),
    FIELD_CUSTOM(struct behaviour, rules, "config", NULL, parse_rules,
                 schema_rules, "-", "what a key of a ConfigMap or Secret "
                 "changes: a list of {from, key, is, then}"),
    FIELD_DIST(struct behaviour, runs, "runs", "never",
               "how long the container runs; never: a server"),
    IN_PLACE("fails", fails_fields, "ends with an error when it has run"),
    FIELD_END
};

/* ---- images ---------------------------------------------------------------------------- */

struct behaviours {
    struct arena *arena;        /* its own: replications of other cells fill
                                 * theirs at the same time */
    const struct value *entries;        /* the section; NULL: none */
    struct map resolved;        /* image -> struct behaviour */
    pthread_mutex_t lock;       /* of resolved and arena */
};

static void release(void *arg)
{
    struct behaviours *bs = arg;

    pthread_mutex_destroy(&bs->lock);
    arena_free(bs->arena);
}

/* Check every entry by itself, so that faults are reported once. */
static void check_entries(struct binder *b, const struct value *v)
{
    for (size_t i = 0; i < v->len; i++) {
        const struct member *m = &v->u.members[i];
        struct behaviour scratch = { 0 };
        size_t mark = field_enter(b, m->key);

        field_bind(b, m->value, behaviour_fields, &scratch);
        field_leave(b, mark);
    }
}

struct behaviours *behaviours_from(struct binder *b, const struct value *v)
{
    struct behaviours *bs = arena_make(b->arena, struct behaviours);

    bs->arena = arena_new();
    map_init(&bs->resolved, bs->arena);
    pthread_mutex_init(&bs->lock, NULL);
    arena_on_free(b->arena, release, bs);
    if (v && v->type == VALUE_MAP) {
        bs->entries = v;
        check_entries(b, v);
    } else if (v && v->type != VALUE_NULL) {
        field_expected(b, v, "a map of images");
    }
    return bs;
}

/* Does an entry, or what its configuration makes of it, have this key? */
static bool entry_says(const struct value *entry, const char *key)
{
    const struct value *rules = value_get(entry, "config");

    for (size_t i = 0; rules && rules->type == VALUE_LIST && i < rules->len;
         i++)
        if (value_get(value_get(rules->u.items[i], "then"), key))
            return true;
    return value_get(entry, key) != NULL;
}

bool behaviours_say(const struct behaviours *bs, const char *key)
{
    for (size_t i = 0; bs->entries && i < bs->entries->len; i++)
        if (entry_says(bs->entries->u.members[i].value, key))
            return true;
    return false;
}

/* entry's keys over those of base: whole values, not merged, so that one law
 * replaces another. */
static const struct value *overlay(struct arena *a, const struct value *base,
                                   const struct value *entry)
{
    if (!entry || entry->type != VALUE_MAP)
        return base;
    for (size_t i = 0; i < entry->len; i++)
        base = value_set(a, base, entry->u.members[i].key,
                         entry->u.members[i].value);
    return base;
}

const char *image_version(struct arena *a, const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *from = slash ? slash + 1 : image;
    const char *at = strchr(from, '@');
    const char *digits = at ? strchr(at, ':') : NULL;
    const char *colon = strchr(from, ':');

    if (digits)
        return arena_strndup(a, digits + 1, strnlen(digits + 1, 12));
    return colon ? colon + 1 : "latest";
}

/* The image without tag and digest. */
static const char *repository(struct arena *a, const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *name = slash ? slash + 1 : image;
    size_t len = (size_t)(name - image) + strcspn(name, ":@");

    return arena_strndup(a, image, len);
}

/* The behaviour of these keys. */
static struct behaviour *bind_keys(struct arena *a, const struct value *all)
{
    struct behaviour *bh = arena_make(a, struct behaviour);
    struct err_list ignored;
    struct binder b = { .arena = a, .errors = &ignored, .quiet = true };

    err_init(&ignored, a);
    field_bind(&b, all, behaviour_fields, bh);
    bh->pull_set = value_get(all, "pull") != NULL;
    bh->container_start_set = value_get(all, "containerStart") != NULL;
    bh->shutdown_time_set = value_at(all, "shutdown.time") != NULL;
    if (bh->schema.reads == 0 && bh->schema.writes > 0)
        bh->schema.reads = UINT64_C(1) << bh->schema.writes;
    dist_hasten(a, &bh->service);       /* drawn from for each request */
    return bh;
}

static struct behaviour *resolve(struct behaviours *bs, const char *image)
{
    struct arena *a = bs->arena;
    struct behaviour *bh;
    const struct value *all = value_map(a, NULL, 0, NULL);
    const char *tagged = arena_strndup(a, image, strcspn(image, "@"));

    all = overlay(a, all, value_get(bs->entries, "*"));
    all = overlay(a, all, value_get(bs->entries, repository(a, image)));
    if (strcmp(tagged, repository(a, image)) != 0)
        all = overlay(a, all, value_get(bs->entries, tagged));
    if (strcmp(image, tagged) != 0)
        all = overlay(a, all, value_get(bs->entries, image));
    bh = bind_keys(a, all);
    all = value_set(a, all, "config", NULL);
    for (size_t i = 0; i < bh->nrules; i++) {
        struct config_rule *rule = (struct config_rule *)&bh->rules[i];

        rule->behaviour = bind_keys(a, overlay(a, all, rule->then));
    }
    return bh;
}

const struct behaviour *behaviour_of(const struct behaviours *bs,
                                     const char *image)
{
    struct behaviours *mine = (struct behaviours *)bs;
    struct behaviour *bh;

    pthread_mutex_lock(&mine->lock);
    bh = map_get(&mine->resolved, image);
    if (!bh) {
        bh = resolve(mine, image);
        map_put(&mine->resolved, arena_strdup(mine->arena, image), bh);
    }
    pthread_mutex_unlock(&mine->lock);
    return bh;
}
