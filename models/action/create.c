/*
 * create.c - kubectl create: make an object from a manifest or from flags.
 *
 * What kubectl fills in is filled in here: a Deployment's pods are labelled
 * app=NAME, its container is called as the image, a Job's as the Job.  Unlike
 * apply it leaves no note of what was applied, and refuses what exists.
 *
 * Not modelled: --from-file, --save-config, and the kinds that are not in the
 * table below: give their manifest with -f.
 */
#include "kubectl_impl.h"
#include <string.h>
#include "base/bug.h"
#include "models/batch.h"

static const struct kubectl_flag create_flags[] = {
    { "filename", 'f', KUBECTL_TEXT, "file of manifests; - for `stdin:`" },
    { "image", 0, KUBECTL_TEXT, "of deployment, job, cronjob" },
    { "replicas", 'r', KUBECTL_COUNT, "of deployment; 1 if absent" },
    { "port", 0, KUBECTL_COUNT, "of deployment: its container exposes it" },
    { "from", 0, KUBECTL_TEXT, "of job: cronjob/NAME, whose template it gets" },
    { "schedule", 0, KUBECTL_TEXT, "of cronjob: \"*/5 * * * *\"" },
    { "restart", 0, KUBECTL_TEXT, "of cronjob: OnFailure (default) or Never" },
    { "from-literal", 0, KUBECTL_MANY, "of configmap, secret: KEY=VALUE" },
    { "hard", 0, KUBECTL_TEXT, "of quota: pods=10,requests.cpu=4" },
    { "tcp", 0, KUBECTL_TEXT, "of service: PORT or PORT:TARGET" },
    { "selector", 0, KUBECTL_TEXT, "of poddisruptionbudget: KEY=VALUE,..." },
    { "min-available", 0, KUBECTL_TEXT, "of poddisruptionbudget" },
    { "max-unavailable", 0, KUBECTL_TEXT, "of poddisruptionbudget" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

/* What can be made from flags. */
struct maker {
    const char *names;          /* and its short ones, between blanks */
    const char *of;             /* second words there are, or NULL */
    const char *flags;          /* that it takes, between blanks */
    const char *needs;          /* one of them, without which it is refused */
    bool command;               /* further words are a command */
    enum kind kind;
    const char *version;
    const struct value *(*make)(struct kubectl *k, const struct value *v,
                                const char *name);
};

static const struct value *text(struct kubectl *k, const struct value *v,
                                const char *path, const char *word)
{
    return value_set(k->arena, v, path, value_string(k->arena, word, NULL));
}

/* "shop/web-front:1.1" -> "web-front" */
static const char *image_name(struct arena *a, const char *image)
{
    const char *slash = strrchr(image, '/');

    image = slash ? slash + 1 : image;
    return arena_strndup(a, image, strcspn(image, ":@"));
}

/* The index of the word that names the object. */
static size_t name_at(const struct maker *m)
{
    return m->of ? 2 : 1;
}

/* {spec: {containers: ...}} at path of v */
static const struct value *with_pod(struct kubectl *k, const struct value *v,
                                    const char *path, const char *name)
{
    const struct value *c = kubectl_container(k, name, "command", 2);

    return value_set(k->arena, v,
                     arena_printf(k->arena, "%s.spec.containers", path),
                     value_list(k->arena, &c, 1, NULL));
}

static const struct value *deployment(struct kubectl *k,
                                      const struct value *v, const char *name)
{
    const char *replicas = kubectl_flag(&k->c, "replicas");
    const char *image = kubectl_flag(&k->c, "image");

    v = text(k, v, "metadata.labels.app", name);
    v = text(k, v, "spec.selector.matchLabels.app", name);
    v = text(k, v, "spec.template.metadata.labels.app", name);
    v = value_set(k->arena, v, "spec.replicas",
                  value_plain(k->arena, replicas ? replicas : "1", NULL));
    return with_pod(k, v, "spec.template", image_name(k->arena, image));
}

static const struct value *nothing(struct kubectl *k, const struct value *v,
                                   const char *name)
{
    (void)k;
    (void)name;
    return v;
}

static const struct value *data(struct kubectl *k, const struct value *v,
                                const char *name)
{
    const char *pairs = kubectl_flag(&k->c, "from-literal");
    bool secret = strcmp(value_text(value_get(v, "kind"), ""), "Secret") == 0;

    (void)name;
    return pairs ? value_set(k->arena, v, secret ? "stringData" : "data",
                             kubectl_pairs(k->arena, pairs, '\n')) : v;
}

/* The Job that a CronJob would start; NULL, refused, if there is none. */
static const struct value *job_of(struct kubectl *k, const struct value *v)
{
    struct arena *a = k->arena;
    const char *from = kubectl_flag(&k->c, "from"), *slash = strchr(from, '/');
    struct target t = { .kind = KIND_CRONJOB, .resource = "cronjob",
                        .name = slash + 1 };
    const struct meta *m = kubectl_find(k, &t);
    const struct value *template, *labels;

    if (!m)
        return NULL;
    template = value_at(kubectl_manifest(m), "spec.jobTemplate");
    labels = value_at(template, "metadata.labels");
    if (labels)
        v = value_set(a, v, "metadata.labels", labels);
    v = value_set(a, v, "metadata.annotations.\"cronjob.kubernetes.io/"
                  "instantiate\"", value_string(a, "manual", NULL));
    return value_set(a, v, "spec", value_get(template, "spec"));
}

static const struct value *job(struct kubectl *k, const struct value *v,
                               const char *name)
{
    if (kubectl_flag(&k->c, "from"))
        return job_of(k, v);
    v = text(k, v, "spec.template.spec.restartPolicy", "Never");
    return with_pod(k, v, "spec.template", name);
}

static const struct value *cronjob(struct kubectl *k, const struct value *v,
                                   const char *name)
{
    static const char template[] = "spec.jobTemplate.spec.template";
    const char *restart = kubectl_flag(&k->c, "restart");

    v = text(k, v, "spec.schedule", kubectl_flag(&k->c, "schedule"));
    v = text(k, v, arena_printf(k->arena, "%s.spec.restartPolicy", template),
             restart ? restart : "OnFailure");
    return with_pod(k, v, template, name);
}

static const struct value *quota(struct kubectl *k, const struct value *v,
                                 const char *name)
{
    (void)name;
    return value_set(k->arena, v, "spec.hard",
                     kubectl_pairs(k->arena, kubectl_flag(&k->c, "hard"),
                                   ','));
}

static const struct value *service(struct kubectl *k, const struct value *v,
                                   const char *name)
{
    static const char *const types[][2] = {
        { "nodeport", "NodePort" }, { "loadbalancer", "LoadBalancer" },
    };
    struct arena *a = k->arena;
    const char *port = kubectl_flag(&k->c, "tcp");
    size_t len = strcspn(port, ":");
    const char *target = port[len] ? port + len + 1 : port;
    const struct value *p = kubectl_patch_of(
        a, "port", value_plain(a, arena_strndup(a, port, len), NULL));

    p = value_set(a, p, "targetPort", value_plain(a, target, NULL));
    p = value_set(a, p, "protocol", value_string(a, "TCP", NULL));
    v = text(k, v, "metadata.labels.app", name);
    v = text(k, v, "spec.selector.app", name);
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcmp(k->c.words[1], types[i][0]) == 0)
            v = text(k, v, "spec.type", types[i][1]);
    return value_set(a, v, "spec.ports", value_list(a, &p, 1, NULL));
}

static const struct value *budget(struct kubectl *k, const struct value *v,
                                  const char *name)
{
    const char *least = kubectl_flag(&k->c, "min-available");
    const char *most = kubectl_flag(&k->c, "max-unavailable");

    (void)name;
    v = value_set(k->arena, v, "spec.selector.matchLabels",
                  kubectl_pairs(k->arena, kubectl_flag(&k->c, "selector"),
                                ','));
    return value_set(k->arena, v, least ? "spec.minAvailable"
                                        : "spec.maxUnavailable",
                     value_plain(k->arena, least ? least : most, NULL));
}

static const struct maker makers[] = {
    { " deployment deploy ", NULL, " image replicas port ", "image", true,
      KIND_DEPLOYMENT, "apps/v1", deployment },
    { " job ", NULL, " image from ", NULL, true, KIND_JOB, "batch/v1", job },
    { " cronjob cj ", NULL, " image schedule restart ", "schedule", true,
      KIND_CRONJOB, "batch/v1", cronjob },
    { " namespace ns ", NULL, " ", NULL, false, KIND_NAMESPACE, "v1",
      nothing },
    { " serviceaccount sa ", NULL, " ", NULL, false, KIND_SERVICEACCOUNT, "v1",
      nothing },
    { " configmap cm ", NULL, " from-literal ", NULL, false, KIND_CONFIGMAP,
      "v1", data },
    { " secret ", " generic ", " from-literal ", NULL, false, KIND_SECRET,
      "v1", data },
    { " service svc ", " clusterip nodeport loadbalancer ", " tcp ", "tcp",
      false, KIND_SERVICE, "v1", service },
    { " quota resourcequota ", NULL, " hard ", "hard", false, KIND_QUOTA, "v1",
      quota },
    { " poddisruptionbudget pdb ", NULL,
      " selector min-available max-unavailable ", "selector", false,
      KIND_PDB, "policy/v1", budget },
};

/* Is word one of those in list, which are between blanks? */
static bool among(struct arena *a, const char *list, const char *word)
{
    return strstr(list, arena_printf(a, " %s ", word)) != NULL;
}

static const struct maker *maker_of(struct arena *a, const char *word)
{
    for (size_t i = 0; i < COUNT_OF(makers); i++)
        if (among(a, makers[i].names, word))
            return &makers[i];
    return NULL;
}

/* ---- refused before the run ----------------------------------------------- */

static const char *check_pairs(struct arena *a, const char *list,
                               char separator, const char *what)
{
    while (list && *list) {
        const char *value;

        if (!kubectl_pair(a, &list, separator, &value))
            return arena_printf(a, "invalid %s, expected KEY=VALUE", what);
    }
    return NULL;
}

/* Flags of other kinds, and what one needs. */
static const char *check_flags(struct arena *a, const struct maker *m,
                               const struct kubectl_command *c)
{
    for (size_t i = 0; create_flags[i].name; i++)
        if (c->flags[i] && !among(a, m->flags, create_flags[i].name))
            return arena_printf(a, "unknown flag: --%s of kubectl create %s",
                                create_flags[i].name, c->words[0]);
    if (m->needs && !kubectl_flag(c, m->needs))
        return arena_printf(a, "required flag(s) \"%s\" not set", m->needs);
    return NULL;
}

static const char *check_kind(const struct maker *m,
                              const struct kubectl_command *c)
{
    const char *from = kubectl_flag(c, "from");

    if (m->kind == KIND_JOB && !from == !kubectl_flag(c, "image"))
        return "either --image or --from must be specified";
    if (from && strncmp(from, "cronjob/", 8) != 0 &&
        strncmp(from, "cj/", 3) != 0)
        return "from must be an existing cronjob: --from=cronjob/NAME";
    if (m->kind == KIND_CRONJOB && !kubectl_flag(c, "image"))
        return "required flag(s) \"image\" not set";
    if (m->kind == KIND_PDB && !kubectl_flag(c, "min-available") ==
                                   !kubectl_flag(c, "max-unavailable"))
        return "one of min-available or max-unavailable must be specified";
    return NULL;
}

static const char *create_check(struct arena *a,
                                const struct kubectl_command *c)
{
    const struct maker *m;
    const char *why;

    if (kubectl_flag(c, "filename"))
        return c->nwords ? "Unexpected args with -f" : NULL;
    m = maker_of(a, c->words[0]);
    if (!m)
        return arena_printf(a, "\"%s\" cannot be made from flags here: give "
                            "its manifest with -f", c->words[0]);
    if (m->of && (c->nwords < 2 || !among(a, m->of, c->words[1])))
        return arena_printf(a, "write kubectl create %s and one of:%.*s",
                            c->words[0], (int)strlen(m->of) - 1, m->of);
    if (c->nwords <= name_at(m) ||
        (!m->command && c->nwords > name_at(m) + 1))
        return arena_printf(a, "exactly one NAME is required, got %zu",
                            c->nwords - name_at(m));
    why = check_flags(a, m, c);
    if (!why)
        why = check_kind(m, c);
    if (!why)
        why = check_pairs(a, kubectl_flag(c, "from-literal"), '\n',
                          "literal source");
    if (!why)
        why = check_pairs(a, kubectl_flag(c, "hard"), ',', "--hard");
    return why ? why : check_pairs(a, kubectl_flag(c, "selector"), ',',
                                   "--selector");
}

/* ---- carried out ------------------------------------------------------------- */

static bool from_document(struct kubectl *k, size_t i)
{
    struct target t;
    const struct value *v = kubectl_placed(k, k->c.documents[i], &t);
    struct meta *draft;

    if (t.kind == KIND_NONE) {
        kubectl_refuse(k, "error: resource mapping not found: no matches for "
                       "kind \"%s\"", t.resource);
        return false;
    }
    draft = kubectl_decode(k, t.kind, v, NULL);
    if (draft)
        kubectl_create(k, draft, "created");
    return i + 1 < k->c.ndocuments;
}

static bool create_step(struct kubectl *k, size_t i)
{
    const struct maker *m;
    const struct value *v;
    const char *name;
    struct meta *draft;

    if (kubectl_flag(&k->c, "filename"))
        return i < k->c.ndocuments && from_document(k, i);
    m = maker_of(k->arena, k->c.words[0]);
    name = k->c.words[name_at(m)];
    v = m->make(k, kubectl_object(k, m->version, m->kind, name), name);
    draft = v ? kubectl_decode(k, m->kind, v, NULL) : NULL;
    if (draft)
        kubectl_create(k, draft, "created");
    return false;
}

const struct verb_ops verb_create = {
    .name = "create",
    .usage = "TYPE NAME FLAGS | -f FILE",
    .doc = "make an object that is not there yet",
    .flags = create_flags,
    .input = INPUT_FILES,
    .check = create_check,
    .step = create_step,
};
