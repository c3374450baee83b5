/*
 * podsecurity_checks.c - the checks of the Pod Security Standards, baseline and
 * restricted, in the order and the words of the API server.
 *
 * Not modelled: older versions of the standards (a -version label is taken for
 * latest), hosts of probes and hooks, Windows pods, user namespaces.
 * Source: k8s.io/pod-security-admission policy/check_*.go at v1.36.2; reference
 * 10.3.
 */
#include <string.h>

#include "base/bug.h"
#include "base/vec.h"
#include "podsecurity.h"

typedef VEC(const char *) names;

/* What the checks look at. */
struct security {
    struct arena *a;
    const struct value *spec;
    const struct labels *annotations;
    struct buf *out;            /* faults so far */
};

/* ---- words -------------------------------------------------------------- */

/* "a", "b" */
static const char *quoted(struct arena *a, const names *list)
{
    char *text = arena_strdup(a, "");

    for (size_t i = 0; i < list->len; i++)
        text = arena_printf(a, "%s%s\"%s\"", text, i ? ", " : "",
                            list->items[i]);
    return text;
}

/* container "a", or containers "a", "b" */
static const char *containers(struct arena *a, const names *list)
{
    return arena_printf(a, "container%s %s", list->len == 1 ? "" : "s",
                        quoted(a, list));
}

static void faulty(struct security *s, const char *what, const char *detail)
{
    buf_printf(s->out, "%s%s (%s)", s->out->len ? ", " : "", what, detail);
}

/* ---- places ------------------------------------------------------------- */

static const char *const lists[] = { "initContainers", "containers",
                                     "ephemeralContainers" };

/* The i-th container of the pod, of all lists; NULL at the end. */
static const struct value *container_at(const struct security *s, size_t i)
{
    for (size_t l = 0; l < COUNT_OF(lists); l++) {
        const struct value *list = value_get(s->spec, lists[l]);
        size_t len = list && list->type == VALUE_LIST ? list->len : 0;

        if (i < len)
            return list->u.items[i];
        i -= len;
    }
    return NULL;
}

static const char *name_of(const struct value *container)
{
    return value_text(value_get(container, "name"), "");
}

/* A field of the securityContext of a container, or of the pod. */
static const char *context(const struct value *v, const char *path)
{
    const struct value *c = value_get(v, "securityContext");

    return c ? value_text(value_at(c, path), NULL) : NULL;
}

static bool is(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

/* Containers whose securityContext has this word there. */
static names having(const struct security *s, const char *path,
                    const char *word)
{
    names found = { 0 };
    const struct value *c;

    for (size_t i = 0; (c = container_at(s, i)); i++)
        if (is(context(c, path), word))
            vec_push(s->a, &found, name_of(c));
    return found;
}

static bool among(const char *const *list, const char *word)
{
    for (; *list; list++)
        if (strcmp(*list, word) == 0)
            return true;
    return false;
}

/* ---- baseline ----------------------------------------------------------- */

static void app_armor(struct security *s)
{
    static const char prefix[] = "container.apparmor.security.beta."
                                 "kubernetes.io/";
    static const char *const fine[] = { "", "runtime/default", NULL };
    names wrong = { 0 }, bad = having(s, "appArmorProfile.type",
                                      "Unconfined");
    const struct labels *l = s->annotations;
    const char *text = "";

    if (is(context(s->spec, "appArmorProfile.type"), "Unconfined"))
        vec_push(s->a, &wrong, "pod");
    if (bad.len > 0)
        vec_push(s->a, &wrong, containers(s->a, &bad));
    for (size_t i = 0; i < wrong.len; i++)
        text = arena_printf(s->a, "%s%s%s", text, i ? " and " : "",
                            wrong.items[i]);
    if (wrong.len > 0)
        text = arena_printf(s->a, "%s must not set AppArmor profile type to "
                            "\"Unconfined\"", text);
    for (size_t i = 0; l && i < l->len; i++)
        if (strncmp(l->items[i].key, prefix, sizeof(prefix) - 1) == 0 &&
            !among(fine, l->items[i].value) &&
            strncmp(l->items[i].value, "localhost/", 10) != 0)
            text = arena_printf(s->a, "%s%s%s=\"%s\"", text,
                                *text ? ", " : "", l->items[i].key,
                                l->items[i].value);
    if (*text)
        faulty(s, wrong.len > 1 ? "forbidden AppArmor profiles"
                                : "forbidden AppArmor profile", text);
}

/* Capabilities that containers add and may not; who. */
static names added(struct security *s, const char *const *fine, names *who)
{
    names caps = { 0 };
    const struct value *c;

    for (size_t i = 0; (c = container_at(s, i)); i++) {
        const struct value *add = value_at(c, "securityContext.capabilities."
                                              "add");
        bool bad = false;

        for (size_t k = 0; add && add->type == VALUE_LIST && k < add->len;
             k++) {
            const char *cap = value_text(add->u.items[k], "");
            bool known = false;

            if (among(fine, cap))
                continue;
            bad = true;
            for (size_t x = 0; x < caps.len; x++)
                known |= strcmp(caps.items[x], cap) == 0;
            if (!known)
                vec_push(s->a, &caps, cap);
        }
        if (bad)
            vec_push(s->a, who, name_of(c));
    }
    return caps;
}

static void base_capabilities(struct security *s)
{
    static const char *const fine[] = {
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL",
        "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID",
        "SYS_CHROOT", NULL
    };
    names who = { 0 }, caps = added(s, fine, &who);

    if (who.len > 0)
        faulty(s, "non-default capabilities", arena_printf(s->a, "%s must not "
               "include %s in securityContext.capabilities.add",
               containers(s->a, &who), quoted(s->a, &caps)));
}

static void host_namespaces(struct security *s)
{
    static const char *const fields[] = { "hostNetwork", "hostPID",
                                          "hostIPC" };
    char *text = arena_strdup(s->a, "");

    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (is(value_text(value_get(s->spec, fields[i]), NULL), "true"))
            text = arena_printf(s->a, "%s%s%s=true", text, *text ? ", " : "",
                                fields[i]);
    if (*text)
        faulty(s, "host namespaces", text);
}

/* Volumes of types that are not among fine (NULL: those of this one type). */
static names volumes(struct security *s, const char *const *fine,
                     const char *type, names *types)
{
    const struct value *list = value_get(s->spec, "volumes");
    names found = { 0 };

    for (size_t i = 0; list && list->type == VALUE_LIST && i < list->len;
         i++) {
        const struct value *v = list->u.items[i];

        for (size_t k = 0; k < v->len; k++) {
            const char *key = v->u.members[k].key;
            bool bad = fine ? !among(fine, key) : strcmp(key, type) == 0;

            if (strcmp(key, "name") == 0 || !bad)
                continue;
            vec_push(s->a, &found, name_of(v));
            if (types && !(types->len && strcmp(types->items[types->len - 1],
                                                key) == 0))
                vec_push(s->a, types, key);
        }
    }
    return found;
}

static void host_path(struct security *s)
{
    names found = volumes(s, NULL, "hostPath", NULL);

    if (found.len > 0)
        faulty(s, "hostPath volumes", arena_printf(s->a, "volume%s %s",
               found.len == 1 ? "" : "s", quoted(s->a, &found)));
}

static void host_ports(struct security *s)
{
    names who = { 0 };
    char *ports = arena_strdup(s->a, "");
    size_t n = 0;
    const struct value *c;

    for (size_t i = 0; (c = container_at(s, i)); i++) {
        const struct value *list = value_get(c, "ports");
        size_t before = n;

        for (size_t k = 0; list && list->type == VALUE_LIST && k < list->len;
             k++) {
            const char *port = value_text(value_get(list->u.items[k],
                                                    "hostPort"), "0");

            if (strcmp(port, "0") == 0)
                continue;
            ports = arena_printf(s->a, "%s%s%s", ports, n++ ? ", " : "", port);
        }
        if (n > before)
            vec_push(s->a, &who, name_of(c));
    }
    if (n > 0)
        faulty(s, "hostPort", arena_printf(s->a, "%s use%s hostPort%s %s",
               containers(s->a, &who), who.len == 1 ? "s" : "",
               n == 1 ? "" : "s", ports));
}

static void privileged(struct security *s)
{
    names who = having(s, "privileged", "true");

    if (who.len > 0)
        faulty(s, "privileged", arena_printf(s->a, "%s must not set "
               "securityContext.privileged=true", containers(s->a, &who)));
}

static void proc_mount(struct security *s)
{
    names who = having(s, "procMount", "Unmasked");

    if (who.len > 0)
        faulty(s, "procMount", arena_printf(s->a, "%s must not set "
               "securityContext.procMount to \"Unmasked\"",
               containers(s->a, &who)));
}

/* "pod and container "a"" of those that have this word there. */
static const char *setters(struct security *s, const char *path,
                           const char *word)
{
    names who = having(s, path, word);
    bool pod = is(context(s->spec, path), word);

    if (who.len == 0)
        return pod ? "pod" : NULL;
    return arena_printf(s->a, "%s%s", pod ? "pod and " : "",
                        containers(s->a, &who));
}

static void selinux(struct security *s)
{
    static const char *const types[] = {
        "", "container_t", "container_init_t", "container_kvm_t",
        "container_engine_t", NULL
    };
    names who = { 0 }, bad = { 0 };
    const char *text = "";
    bool user = false, role = false, pod = false;
    const struct value *c;

    for (size_t i = 0; i == 0 || (c = container_at(s, i - 1)); i++) {
        const struct value *v = i == 0 ? s->spec : c;
        const char *type = context(v, "seLinuxOptions.type");
        bool u = context(v, "seLinuxOptions.user") != NULL;
        bool o = context(v, "seLinuxOptions.role") != NULL;
        bool wrong = type && !among(types, type);

        if (wrong)
            vec_push(s->a, &bad, type);
        user |= u;
        role |= o;
        if (i == 0)
            pod = wrong || u || o;
        else if (wrong || u || o)
            vec_push(s->a, &who, name_of(v));
    }
    if (!pod && who.len == 0)
        return;
    if (bad.len > 0)
        text = arena_printf(s->a, "type%s %s", bad.len == 1 ? "" : "s",
                            quoted(s->a, &bad));
    if (user)
        text = arena_printf(s->a, "%s%suser may not be set", text,
                            *text ? "; " : "");
    if (role)
        text = arena_printf(s->a, "%s%srole may not be set", text,
                            *text ? "; " : "");
    faulty(s, "seLinuxOptions", arena_printf(s->a, "%s%s%s set forbidden "
           "securityContext.seLinuxOptions: %s", pod ? "pod" : "",
           pod && who.len ? " and " : "",
           who.len ? containers(s->a, &who) : "", text));
}

static void base_seccomp(struct security *s)
{
    const char *who = setters(s, "seccompProfile.type", "Unconfined");

    if (who)
        faulty(s, "seccompProfile", arena_printf(s->a, "%s must not set "
               "securityContext.seccompProfile.type to \"Unconfined\"", who));
}

static void sysctls(struct security *s)
{
    static const char *const fine[] = {
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem", NULL
    };
    const struct value *list = value_at(s->spec, "securityContext.sysctls");
    char *text = arena_strdup(s->a, "");

    for (size_t i = 0; list && list->type == VALUE_LIST && i < list->len;
         i++) {
        const char *name = name_of(list->u.items[i]);

        if (!among(fine, name))
            text = arena_printf(s->a, "%s%s%s", text, *text ? ", " : "",
                                name);
    }
    if (*text)
        faulty(s, "forbidden sysctls", text);
}

/* ---- restricted --------------------------------------------------------- */

static void escalation(struct security *s)
{
    names who = { 0 };
    const struct value *c;

    for (size_t i = 0; (c = container_at(s, i)); i++)
        if (!is(context(c, "allowPrivilegeEscalation"), "false"))
            vec_push(s->a, &who, name_of(c));
    if (who.len > 0)
        faulty(s, "allowPrivilegeEscalation != false", arena_printf(s->a,
               "%s must set securityContext.allowPrivilegeEscalation=false",
               containers(s->a, &who)));
}

static bool drops_all(const struct value *container)
{
    const struct value *drop = value_at(container, "securityContext."
                                                   "capabilities.drop");

    for (size_t i = 0; drop && drop->type == VALUE_LIST && i < drop->len; i++)
        if (strcmp(value_text(drop->u.items[i], ""), "ALL") == 0)
            return true;
    return false;
}

static void capabilities(struct security *s)
{
    static const char *const fine[] = { "NET_BIND_SERVICE", NULL };
    names keep = { 0 }, who = { 0 }, caps = added(s, fine, &who);
    const char *text = "";
    const struct value *c;

    for (size_t i = 0; (c = container_at(s, i)); i++)
        if (!drops_all(c))
            vec_push(s->a, &keep, name_of(c));
    if (keep.len > 0)
        text = arena_printf(s->a, "%s must set securityContext.capabilities."
                            "drop=[\"ALL\"]", containers(s->a, &keep));
    if (who.len > 0)
        text = arena_printf(s->a, "%s%s%s must not include %s in "
                            "securityContext.capabilities.add", text,
                            *text ? "; " : "", containers(s->a, &who),
                            quoted(s->a, &caps));
    if (*text)
        faulty(s, "unrestricted capabilities", text);
}

static void volume_types(struct security *s)
{
    static const char *const fine[] = {
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image",
        "persistentVolumeClaim", "projected", "secret", NULL
    };
    names types = { 0 }, found = volumes(s, fine, NULL, &types);

    if (found.len > 0)
        faulty(s, "restricted volume types", arena_printf(s->a, "volume%s %s "
               "use%s restricted volume type%s %s", found.len == 1 ? "" : "s",
               quoted(s->a, &found), found.len == 1 ? "s" : "",
               types.len == 1 ? "" : "s", quoted(s->a, &types)));
}

static void non_root(struct security *s)
{
    const char *bad = setters(s, "runAsNonRoot", "false");
    bool pod = is(context(s->spec, "runAsNonRoot"), "true");
    names who = { 0 };
    const struct value *c;

    if (bad) {
        faulty(s, "runAsNonRoot != true", arena_printf(s->a, "%s must not set "
               "securityContext.runAsNonRoot=false", bad));
        return;
    }
    for (size_t i = 0; !pod && (c = container_at(s, i)); i++)
        if (!context(c, "runAsNonRoot"))
            vec_push(s->a, &who, name_of(c));
    if (who.len > 0)
        faulty(s, "runAsNonRoot != true", arena_printf(s->a, "pod or %s must "
               "set securityContext.runAsNonRoot=true",
               containers(s->a, &who)));
}

static void run_as_user(struct security *s)
{
    const char *bad = setters(s, "runAsUser", "0");

    if (bad)
        faulty(s, "runAsUser=0", arena_printf(s->a, "%s must not set "
               "runAsUser=0", bad));
}

static void seccomp(struct security *s)
{
    const char *bad = setters(s, "seccompProfile.type", "Unconfined");
    bool pod = context(s->spec, "seccompProfile.type") != NULL;
    names who = { 0 };
    const struct value *c;

    if (bad) {
        base_seccomp(s);
        return;
    }
    for (size_t i = 0; !pod && (c = container_at(s, i)); i++)
        if (!context(c, "seccompProfile.type"))
            vec_push(s->a, &who, name_of(c));
    if (who.len > 0)
        faulty(s, "seccompProfile", arena_printf(s->a, "pod or %s must set "
               "securityContext.seccompProfile.type to \"RuntimeDefault\" or "
               "\"Localhost\"", containers(s->a, &who)));
}

/* ---- all of them -------------------------------------------------------- */

/* In the order of the server: baseline, then restricted, by identifier; a
 * stricter check takes the place of a baseline one. */
static const struct {
    void (*look)(struct security *s);
    enum security_level from, until;
} checks[] = {
    { app_armor, LEVEL_BASELINE, LEVEL_RESTRICTED },
    { base_capabilities, LEVEL_BASELINE, LEVEL_BASELINE },
    { host_namespaces, LEVEL_BASELINE, LEVEL_RESTRICTED },
    { host_path, LEVEL_BASELINE, LEVEL_RESTRICTED },
    { host_ports, LEVEL_BASELINE, LEVEL_RESTRICTED },
    { privileged, LEVEL_BASELINE, LEVEL_RESTRICTED },
    { proc_mount, LEVEL_BASELINE, LEVEL_RESTRICTED },
    { selinux, LEVEL_BASELINE, LEVEL_RESTRICTED },
    { base_seccomp, LEVEL_BASELINE, LEVEL_BASELINE },
    { sysctls, LEVEL_BASELINE, LEVEL_RESTRICTED },
    { escalation, LEVEL_RESTRICTED, LEVEL_RESTRICTED },
    { capabilities, LEVEL_RESTRICTED, LEVEL_RESTRICTED },
    { volume_types, LEVEL_RESTRICTED, LEVEL_RESTRICTED },
    { non_root, LEVEL_RESTRICTED, LEVEL_RESTRICTED },
    { run_as_user, LEVEL_RESTRICTED, LEVEL_RESTRICTED },
    { seccomp, LEVEL_RESTRICTED, LEVEL_RESTRICTED },
};

const char *podsecurity_faults(struct arena *a, enum security_level level,
                               const struct pod_template *t)
{
    struct buf out = { 0 };
    struct security s = { a, value_get(t->raw, "spec"), t->annotations,
                          &out };
    const char *text;

    for (size_t i = 0; i < COUNT_OF(checks); i++)
        if (level >= checks[i].from && level <= checks[i].until)
            checks[i].look(&s);
    text = out.len ? arena_strdup(a, out.text) : NULL;
    buf_free(&out);
    return text;
}
