/*
 * scheduler.c - tables about where pods may go and are best put.
 *
 * scheduler_scores describes nodes and a pod in a small language of its own;
 * the check builds them and runs the scheduler's plug-ins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "conformance.h"
#include "models/scheduler.h"

#define MIB INT64_C(1048576)

/* ---- scheduler_nodes_to_find ---------------------------------------------------- */

static bool check_nodes(const struct conf_row *row, char *why, size_t room)
{
    int got = sched_nodes_to_find(
        (int)conf_int(row, "percentage_of_nodes_to_score", 0),
        (int)conf_int(row, "num_all_nodes", 0));

    if (got == conf_int(row, "num_feasible_nodes_to_find", -1))
        return true;
    return conf_why(why, room, "got %d", got);
}

const struct conf_table conf_scheduler_nodes_to_find = {
    .name = "scheduler_nodes_to_find", .check = check_nodes,
};

/* ---- scheduler_scores: the little language ---------------------------------------- */

/* The next word of *s split at any of stops; NULL at the end. */
static char *next_word(char **s, const char *stops)
{
    char *word = *s;
    size_t len;

    if (!word)
        return NULL;
    word += strspn(word, stops);
    if (!*word)
        return NULL;
    len = strcspn(word, stops);
    *s = word[len] ? word + len + 1 : NULL;
    word[len] = '\0';
    return word;
}

static const struct selector *equals(struct arena *a, const char *key,
                                     const char *value)
{
    return selector_with(a, NULL, key, value);
}

static const char *topology(const char *word)
{
    return strcmp(word, "host") == 0 ? "kubernetes.io/hostname"
                                     : "topology.kubernetes.io/zone";
}

static void fill_requests(struct pod_spec *s, int64_t cpu, int64_t mib)
{
    s->cpu_milli = cpu;
    s->memory_bytes = mib * MIB;
    s->cpu_nonzero = cpu ? cpu : 100;
    s->memory_nonzero = (mib ? mib : 200) * MIB;
}

/* "30 disk in ssd;20 zone in z0" */
static void prefer_nodes(struct arena *a, struct pod_spec *s, char *text)
{
    struct node_term *terms = arena_many(a, struct node_term, 8);
    char *term;

    while ((term = next_word(&text, ";"))) {
        int weight;
        char key[64], value[64];

        if (sscanf(term, "%d %63s in %63s", &weight, key, value) != 3)
            BUG("cannot read \"%s\"", term);
        terms[s->nnode_preferred].weight = weight;
        terms[s->nnode_preferred++].labels = equals(
            a, arena_strdup(a, strcmp(key, "zone") == 0 ? topology(key) : key),
            arena_strdup(a, value));
    }
    s->node_preferred = terms;
}

/* "[100 ]app=a host" */
static void add_anti_affinity(struct arena *a, struct pod_spec *s,
                              const char *text, bool preferred, bool anti)
{
    struct pod_affinity_term *t = (struct pod_affinity_term *)s->affinity;
    int weight = 0;
    char key[64], value[64], domain[64];
    int n = preferred ? sscanf(text, "%d %63[^=]=%63s %63s", &weight, key,
                               value, domain)
                      : sscanf(text, "%63[^=]=%63s %63s", key, value, domain);

    if (n != (preferred ? 4 : 3))
        BUG("cannot read \"%s\"", text);
    if (!t)
        s->affinity = t = arena_many(a, struct pod_affinity_term, 8);
    t[s->naffinity++] = (struct pod_affinity_term){
        .selector = equals(a, arena_strdup(a, key), arena_strdup(a, value)),
        .topology_key = topology(domain), .weight = weight, .anti = anti,
    };
}

/* "1 zone ScheduleAnyway app=a" */
static void add_spread(struct arena *a, struct pod_spec *s, const char *text)
{
    struct topology_spread *t = arena_make(a, struct topology_spread);
    char domain[64], how[64], key[64], value[64];

    if (sscanf(text, "%d %63s %63s %63[^=]=%63s", &t->max_skew, domain, how,
               key, value) != 5)
        BUG("cannot read \"%s\"", text);
    t->topology_key = topology(domain);
    t->do_not_schedule = strcmp(how, "DoNotSchedule") == 0;
    t->selector = equals(a, arena_strdup(a, key), arena_strdup(a, value));
    s->spread = t;
    s->nspread = 1;
}

/* One word of the pod: "name(arguments)". */
static void pod_option(struct arena *a, struct pod_spec *s, const char *name,
                       char *args)
{
    if (strcmp(name, "preferNode") == 0) {
        prefer_nodes(a, s, args);
    } else if (strcmp(name, "nodeSelector") == 0) {
        char *eq = strchr(args, '=');

        *eq = '\0';
        s->node_selector = labels_with(a, NULL, args, eq + 1);
    } else if (strcmp(name, "tolerate") == 0) {
        struct toleration *t = arena_make(a, struct toleration);

        args[strcspn(args, " ")] = '\0';
        *t = (struct toleration){ .key = args, .exists = true, .seconds = -1 };
        s->tolerations = t;
        s->ntolerations = 1;
    } else if (strcmp(name, "spread") == 0) {
        add_spread(a, s, args);
    } else if (strcmp(name, "preferAntiAffinity") == 0) {
        add_anti_affinity(a, s, args, true, true);
    } else if (strcmp(name, "requireAntiAffinity") == 0) {
        add_anti_affinity(a, s, args, false, true);
    } else if (strcmp(name, "preferAffinity") == 0) {
        add_anti_affinity(a, s, args, true, false);
    } else if (strcmp(name, "requireAffinity") == 0) {
        add_anti_affinity(a, s, args, false, false);
    } else {
        BUG("unknown word \"%s\" in a pod", name);
    }
}

/* "app=a cpu=250 mem=128 word(args) ..." */
static void read_pod(struct arena *a, struct sched_cycle *c, const char *text)
{
    struct pod_spec *s = arena_make(a, struct pod_spec);
    struct container *k = arena_make(a, struct container);
    char *t = arena_strdup(a, text);
    int64_t cpu = 0, mib = 0;

    k->name = "c";
    k->image = "img:1";
    k->ports = NULL;
    s->containers = k;
    s->ncontainers = 1;
    c->labels = NULL;
    while (*t) {
        size_t len = strcspn(t, " (");
        char *word = t, *end;

        if (t[len] == '(') {
            t[len] = '\0';
            end = strchr(t + len + 1, ')');
            *end = '\0';
            pod_option(a, s, word, t + len + 1);
            t = end + 1;
        } else {
            t += len + (t[len] ? 1 : 0);
            word[len] = '\0';
            if (strncmp(word, "app=", 4) == 0)
                c->labels = labels_with(a, NULL, "app", word + 4);
            else if (strncmp(word, "cpu=", 4) == 0)
                cpu = atoll(word + 4);
            else if (strncmp(word, "mem=", 4) == 0)
                mib = atoll(word + 4);
            else
                BUG("unknown word \"%s\" in a pod", word);
        }
        t += strspn(t, " ");
    }
    fill_requests(s, cpu, mib);
    c->spec = s;
}

static void read_taints(struct arena *a, struct node *n, const char *text)
{
    struct taint *taints = arena_many(a, struct taint, 8);
    char *t = arena_strdup(a, text), *word;

    while ((word = next_word(&t, " "))) {
        char *eq = strchr(word, '='), *colon = strchr(word, ':');

        *eq = *colon = '\0';
        taints[n->ntaints++] = (struct taint){ .key = word, .value = eq + 1,
                                               .effect = colon + 1 };
    }
    n->taints = taints;
}

static void read_images(struct arena *a, struct node *n, const char *text)
{
    struct node_image *images = arena_many(a, struct node_image, 8);
    char *t = arena_strdup(a, text), *word;

    while ((word = next_word(&t, " "))) {
        char *eq = strrchr(word, '=');

        *eq = '\0';
        images[n->nimages++] = (struct node_image){
            word, (int64_t)(atof(eq + 1) * (double)MIB) };
    }
    n->images = images;
}

/* "a:250:0 b:100:128" */
static void read_existing(struct arena *a, struct sched_node *n,
                          const char *text, object_uid *uid)
{
    char *t = arena_strdup(a, text), *word;

    while ((word = next_word(&t, " "))) {
        struct pod_spec *s = arena_make(a, struct pod_spec);
        char *cpu = strchr(word, ':'), *mem = strrchr(word, ':');

        *cpu = *mem = '\0';
        fill_requests(s, atoll(cpu + 1), atoll(mem + 1));
        sched_place(a, n, (struct placed){
            .uid = ++*uid, .space = "default", .spec = s,
            .labels = labels_with(a, NULL, "app", word) });
    }
}

#define given(text) (strcmp((text), "-") != 0 && *(text))

static struct sched_node *read_node(struct arena *a,
                                    const struct conf_row *row,
                                    object_uid *uid)
{
    struct sched_node *n = arena_make(a, struct sched_node);
    const char *labels = conf_get(row, "node_labels");
    const char *zone = conf_get(row, "zone");

    n->node.meta.name = conf_get(row, "node");
    n->node.cpu_milli = conf_int(row, "alloc_cpu_m", 0);
    n->node.memory_bytes = conf_int(row, "alloc_mem_mi", 0) * MIB;
    n->node.pods = 110;
    if (given(labels)) {
        char *t = arena_strdup(a, labels), *word;

        while ((word = next_word(&t, " "))) {
            char *eq = strchr(word, '=');

            *eq = '\0';
            n->node.meta.labels =
                labels_with(a, n->node.meta.labels, word, eq + 1);
        }
    }
    if (given(zone))
        n->node.meta.labels = labels_with(
            a, n->node.meta.labels, "topology.kubernetes.io/zone", zone);
    if (given(conf_get(row, "taints")))
        read_taints(a, &n->node, conf_get(row, "taints"));
    if (given(conf_get(row, "images_mb")))
        read_images(a, &n->node, conf_get(row, "images_mb"));
    if (given(conf_get(row, "existing_pods")))
        read_existing(a, n, conf_get(row, "existing_pods"), uid);
    return n;
}

/* ---- scheduler_scores: the check ---------------------------------------------------- */

static void check_parts(struct conf_run *run, const struct conf_row *row,
                        const int64_t *parts, int64_t total)
{
    for (size_t i = 0; sched_plugin_at(i); i++) {
        const char *name = sched_plugin_at(i)->name;
        int64_t expected = conf_int(row, name, parts[i]);

        if (*conf_get(row, name) && expected != parts[i]) {
            conf_failed(run, row, "%s: got %lld, expected %lld", name,
                        (long long)parts[i], (long long)expected);
            return;
        }
    }
    if (total != conf_int(row, "total", -1))
        conf_failed(run, row, "total: got %lld", (long long)total);
    else
        conf_passed(run);
}

/* One case: n rows, a node each, all with the same pod. */
static void check_case(struct conf_run *run, const struct conf_row *rows,
                       size_t n)
{
    struct arena *a = arena_new();
    struct sched_node **nodes = arena_many(a, struct sched_node *, n);
    size_t *row_of = arena_many(a, size_t, n);
    int64_t *total = arena_many(a, int64_t, n);
    int64_t *parts = arena_many(a, int64_t, n * SCHED_PLUGINS_MAX);
    struct sched_cycle c = { .arena = a, .version = KUBE_1_36,
                             .space = "default", .nodes = nodes,
                             .nnodes = n };
    const char *by_app = conf_get(&rows[0], "service_selects_app");
    object_uid uid = 0;

    for (size_t i = 0; i < n; i++)
        nodes[i] = read_node(a, &rows[i], &uid);
    read_pod(a, &c, conf_get(&rows[0], "pod"));
    if (given(by_app))
        c.spread_by = equals(a, "app", by_app);
    c.feasible = arena_many(a, struct sched_node *, n);
    sched_prefilter(&c);
    for (size_t i = 0; i < n; i++) {
        const struct sched_plugin *by = NULL;
        bool may = !sched_filter(&c, nodes[i], &by);
        const char *expected = conf_get(&rows[i], "reject_plugin");

        if (may != (conf_int(&rows[i], "feasible", -1) == 1))
            conf_failed(run, &rows[i], "feasible: got %d (%s)", may,
                        by ? by->name : "-");
        else if (may) {
            row_of[c.nfeasible] = i;
            c.feasible[c.nfeasible++] = nodes[i];
        } else if (strcmp(by->name, expected) != 0)
            conf_failed(run, &rows[i], "refused by %s", by->name);
        else
            conf_passed(run);
    }
    sched_score(&c, total, parts);
    for (size_t k = 0; k < c.nfeasible; k++)
        check_parts(run, &rows[row_of[k]], &parts[k * SCHED_PLUGINS_MAX],
                    total[k]);
    arena_free(a);
}

static void check_scores(struct conf_run *run, const struct conf_row *rows,
                         size_t n)
{
    for (size_t i = 0, k; i < n; i = k) {
        for (k = i; k < n && strcmp(conf_get(&rows[k], "case"),
                                    conf_get(&rows[i], "case")) == 0; k++)
            ;
        check_case(run, &rows[i], k - i);
    }
}

const struct conf_table conf_scheduler_scores = {
    .name = "scheduler_scores", .check_all = check_scores,
};
