/*
 * psp.c - admission by PodSecurityPolicy, of 1.20: a pod needs a policy that it
 * may use and that fits it.
 *
 * It is at work once the cluster has a policy.  Those count that the pod's
 * ServiceAccount has the right to `use`; a pod that no controller made was typed
 * by an administrator, who may use all.  They are tried in the order of their
 * names: the first that fits the pod as it is admits it, else the first that
 * fits once it has filled in what the pod leaves open (the audit log has its name:
 * admit-policy).  A pod without any is refused, with what is wrong by every policy
 * that was tried: "[]" if there was none.  As the API server mounts a token into
 * every pod that does not decline it, a policy without `secret` volumes fits no
 * such pod.
 *
 * Not modelled: what a policy fills in (nobody looks at it here); rights of the
 * controllers themselves; SELinux options, groups, sysctls, proc mounts, seccomp
 * and AppArmor profiles, flex volumes, read-only paths (reported).
 * Source: plugin/pkg/admission/security/podsecuritypolicy and
 * pkg/security/podsecuritypolicy at v1.20; reference 10.3.
 */
#include "models/psp.h"

#include <stdlib.h>
#include <string.h>

#include "admission.h"
#include "base/text.h"
#include "models/pod.h"
#include "models/rbac.h"
#include "models/record.h"
#include "models/world.h"

struct check {                  /* of one pod by one policy */
    struct buf *faults;         /* of all policies so far */
    const struct value *policy, *pod;   /* their specs */
    bool fits, mutates;
};

/* ---- words -------------------------------------------------------------- */

static void fault(struct check *c, const char *path, const char *value,
                  const char *why)
{
    c->fits = false;
    buf_printf(c->faults, "%s%s: Invalid value: %s: %s",
               c->faults->len ? " " : "", path, value, why);
}

static bool yes(const struct value *v, const char *key)
{
    return strcmp(value_text(value_get(v, key), ""), "true") == 0;
}

static size_t list_len(const struct value *list)
{
    return list && list->type == VALUE_LIST ? list->len : 0;
}

static bool has_word(const struct value *list, const char *word)
{
    for (size_t i = 0; i < list_len(list); i++)
        if (strcmp(value_text(list->u.items[i], ""), word) == 0 ||
            strcmp(value_text(list->u.items[i], ""), "*") == 0)
            return true;
    return false;
}

static int64_t number(const struct value *v)
{
    return strtoll(value_text(v, "0"), NULL, 10);
}

static bool in_ranges(const struct value *ranges, int64_t x)
{
    for (size_t i = 0; i < list_len(ranges); i++)
        if (x >= number(value_get(ranges->u.items[i], "min")) &&
            x <= number(value_get(ranges->u.items[i], "max")))
            return true;
    return false;
}

/* [{1 1000} {2000 3000}] */
static const char *ranges_text(struct arena *a, const struct value *ranges)
{
    const char *text = "";

    for (size_t i = 0; i < list_len(ranges); i++)
        text = arena_printf(a, "%s%s{%lld %lld}", text, i ? " " : "",
                            (long long)number(value_get(ranges->u.items[i],
                                                        "min")),
                            (long long)number(value_get(ranges->u.items[i],
                                                        "max")));
    return arena_printf(a, "[%s]", text);
}

/* ---- the pod ------------------------------------------------------------ */

/* fsGroup, supplementalGroups. */
static void check_groups(struct arena *a, struct check *c, const char *key)
{
    const struct value *rule = value_get(c->policy, key);
    const struct value *v = value_at(c->pod, arena_printf(
                                         a, "securityContext.%s", key));
    const struct value *ranges = value_get(rule, "ranges");
    const char *word = value_text(value_get(rule, "rule"), "RunAsAny");
    const struct value *const *items = v && v->type == VALUE_LIST
                                           ? v->u.items : &v;
    size_t n = !v ? 0 : v->type == VALUE_LIST ? v->len : 1;

    if (strcmp(word, "RunAsAny") == 0)
        return;
    c->mutates |= n == 0 && strcmp(word, "MustRunAs") == 0;
    for (size_t i = 0; i < n; i++)
        if (!in_ranges(ranges, number(items[i])))
            fault(c, arena_printf(a, "spec.securityContext.%s", key),
                  arena_printf(a, "[]int64{%lld}",
                               (long long)number(items[i])),
                  arena_printf(a, "group %lld must be in the ranges: %s",
                               (long long)number(items[i]),
                               ranges_text(a, ranges)));
}

static void check_host(struct check *c)
{
    static const char *const rows[][3] = {
        { "hostNetwork", "spec.securityContext.hostNetwork",
          "Host network is not allowed to be used" },
        { "hostPID", "spec.securityContext.hostPID",
          "Host PID is not allowed to be used" },
        { "hostIPC", "spec.securityContext.hostIPC",
          "Host IPC is not allowed to be used" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (yes(c->pod, rows[i][0]) && !yes(c->policy, rows[i][0]))
            fault(c, rows[i][1], "true", rows[i][2]);
}

/* What a volume is: the key beside its name. */
static const char *volume_type(const struct value *volume)
{
    for (size_t i = 0; volume->type == VALUE_MAP && i < volume->len; i++)
        if (strcmp(volume->u.members[i].key, "name") != 0)
            return volume->u.members[i].key;
    return "emptyDir";
}

static bool path_allowed(const struct value *paths, const char *path)
{
    for (size_t i = 0; i < list_len(paths); i++) {
        const char *prefix = value_text(value_get(paths->u.items[i],
                                                  "pathPrefix"), "");
        size_t n = strlen(prefix);

        while (n > 0 && prefix[n - 1] == '/')
            n--;
        if (strncmp(path, prefix, n) == 0 &&
            (path[n] == '\0' || path[n] == '/'))
            return true;
    }
    return list_len(paths) == 0;
}

static void check_volume(struct arena *a, struct check *c, size_t i,
                         const char *type, const char *host_path)
{
    const char *path = arena_printf(a, "spec.volumes[%zu]", i);

    if (!has_word(value_get(c->policy, "volumes"), type))
        fault(c, path, arena_printf(a, "\"%s\"", type),
              arena_printf(a, "%s volumes are not allowed to be used", type));
    else if (host_path &&
             !path_allowed(value_get(c->policy, "allowedHostPaths"),
                           host_path))
        fault(c, arena_printf(a, "%s.hostPath.pathPrefix", path),
              arena_printf(a, "\"%s\"", host_path), "is not allowed to be "
              "used");
}

static void check_volumes(struct arena *a, struct check *c)
{
    const struct value *list = value_get(c->pod, "volumes");

    for (size_t i = 0; i < list_len(list); i++)
        check_volume(a, c, i, volume_type(list->u.items[i]),
                     value_text(value_at(list->u.items[i], "hostPath.path"),
                                NULL));
    if (strcmp(value_text(value_get(c->pod, "automountServiceAccountToken"),
                          "true"), "true") == 0)
        check_volume(a, c, list_len(list), "secret", NULL);
}

/* ---- containers --------------------------------------------------------- */

/* Of the container, else of the pod. */
static const struct value *effective(const struct check *c,
                                     const struct value *container,
                                     const char *key)
{
    const struct value *v = value_get(value_get(container, "securityContext"),
                                      key);

    return v ? v : value_get(value_get(c->pod, "securityContext"), key);
}

static void check_user(struct arena *a, struct check *c,
                       const struct value *container, const char *path)
{
    const struct value *rule = value_get(c->policy, "runAsUser");
    const struct value *ranges = value_get(rule, "ranges");
    const char *word = value_text(value_get(rule, "rule"), "RunAsAny");
    const struct value *user = effective(c, container, "runAsUser");
    const struct value *marker = effective(c, container, "runAsNonRoot");
    const char *at = arena_printf(a, "%s.runAsUser", path);

    if (strcmp(word, "MustRunAs") == 0) {
        c->mutates |= !user;
        if (user && !in_ranges(ranges, number(user)))
            fault(c, at, value_text(user, ""), arena_printf(
                      a, "must be in the ranges: %s", ranges_text(a, ranges)));
    } else if (strcmp(word, "MustRunAsNonRoot") == 0) {
        c->mutates |= !marker && !user;
        if (marker && strcmp(value_text(marker, ""), "false") == 0)
            fault(c, arena_printf(a, "%s.runAsNonRoot", path), "false",
                  "must be true");
        if (user && number(user) == 0)
            fault(c, at, "0", "running with the root UID is forbidden");
    }
}

static void check_capabilities(struct arena *a, struct check *c,
                               const struct value *container,
                               const char *path)
{
    const struct value *own = value_at(container,
                                       "securityContext.capabilities");
    const struct value *add = value_get(own, "add");
    const struct value *by_default = value_get(c->policy,
                                               "defaultAddCapabilities");
    const struct value *drop = value_get(c->policy,
                                         "requiredDropCapabilities");

    for (size_t i = 0; i < list_len(by_default); i++)
        c->mutates |= !has_word(add, value_text(by_default->u.items[i], ""));
    for (size_t i = 0; i < list_len(drop); i++)
        c->mutates |= !has_word(value_get(own, "drop"),
                                value_text(drop->u.items[i], ""));
    for (size_t i = 0; i < list_len(add); i++) {
        const char *word = value_text(add->u.items[i], "");

        if (!has_word(value_get(c->policy, "allowedCapabilities"), word) &&
            !has_word(by_default, word))
            fault(c, arena_printf(a, "%s.capabilities.add", path),
                  arena_printf(a, "\"%s\"", word),
                  "capability may not be added");
    }
}

/* 80,8000-8080 */
static const char *ports_text(struct arena *a, const struct value *ranges)
{
    const char *text = "";

    for (size_t i = 0; i < list_len(ranges); i++) {
        long long min = number(value_get(ranges->u.items[i], "min"));
        long long max = number(value_get(ranges->u.items[i], "max"));

        text = min == max
                   ? arena_printf(a, "%s%s%lld", text, i ? "," : "", min)
                   : arena_printf(a, "%s%s%lld-%lld", text, i ? "," : "", min,
                                  max);
    }
    return text;
}

static void check_ports(struct arena *a, struct check *c,
                        const struct value *container, const char *where)
{
    const struct value *ports = value_get(container, "ports");
    const struct value *ranges = value_get(c->policy, "hostPorts");

    for (size_t i = 0; i < list_len(ports); i++) {
        int64_t port = number(value_get(ports->u.items[i], "hostPort"));

        if (port > 0 && !in_ranges(ranges, port))
            fault(c, arena_printf(a, "%s.hostPort", where),
                  arena_printf(a, "%lld", (long long)port),
                  arena_printf(a, "Host port %lld is not allowed to be used. "
                               "Allowed ports: [%s]", (long long)port,
                               ports_text(a, ranges)));
    }
}

/* Fields that are true or false, or left open. */
static void check_switches(struct arena *a, struct check *c,
                           const struct value *container, const char *path)
{
    const struct value *own = value_get(container, "securityContext");
    const struct value *escalates = value_get(own, "allowPrivilegeEscalation");
    const struct value *may = value_get(c->policy, "allowPrivilegeEscalation");
    bool forbidden = strcmp(value_text(may, "true"), "false") == 0;

    if (yes(c->policy, "readOnlyRootFilesystem")) {
        c->mutates |= !value_get(own, "readOnlyRootFilesystem");
        if (value_get(own, "readOnlyRootFilesystem") &&
            !yes(own, "readOnlyRootFilesystem"))
            fault(c, arena_printf(a, "%s.readOnlyRootFilesystem", path),
                  "false", "ReadOnlyRootFilesystem must be set to true");
    }
    c->mutates |= !escalates &&
                  (forbidden || value_get(c->policy, "defaultAllowPrivilege"
                                          "Escalation"));
    if (forbidden && yes(own, "allowPrivilegeEscalation"))
        fault(c, arena_printf(a, "%s.allowPrivilegeEscalation", path), "true",
              "Allowing privilege escalation for containers is not allowed");
}

static void check_containers(struct arena *a, struct check *c,
                             const char *list_name)
{
    const struct value *list = value_get(c->pod, list_name);

    for (size_t i = 0; i < list_len(list); i++) {
        const struct value *container = list->u.items[i];
        const char *where = arena_printf(a, "spec.%s[%zu]", list_name, i);
        const char *path = arena_printf(a, "%s.securityContext", where);

        check_user(a, c, container, path);
        if (yes(value_get(container, "securityContext"), "privileged") &&
            !yes(c->policy, "privileged"))
            fault(c, arena_printf(a, "%s.privileged", path), "true",
                  "Privileged containers are not allowed");
        check_capabilities(a, c, container, path);
        check_ports(a, c, container, where);
        check_switches(a, c, container, path);
    }
}

static void check_pod(struct arena *a, struct check *c)
{
    check_groups(a, c, "fsGroup");
    check_groups(a, c, "supplementalGroups");
    check_host(c);
    check_volumes(a, c);
    check_containers(a, c, "initContainers");
    check_containers(a, c, "containers");
}

/* ---- policies ----------------------------------------------------------- */

static int by_name(const void *x, const void *y)
{
    const struct meta *const *a = x, *const *b = y;

    return strcmp((*a)->name, (*b)->name);
}

static const struct meta **policies(struct world *w, size_t *n)
{
    const struct meta **list;

    *n = api_count(w->api, KIND_PSP);
    list = arena_many(w->arena, const struct meta *, *n + 1);
    for (size_t i = 0; i < *n; i++)
        list[i] = api_at(w->api, KIND_PSP, i);
    if (*n > 0)
        qsort(list, *n, sizeof(*list), by_name);
    return list;
}

/* May the pod use this policy? */
static bool may_use(struct world *w, const struct meta *pod,
                    const struct meta *policy)
{
    static const char *const groups[] = { "policy", "extensions" };
    const char *account = pod_seen(pod)->template->spec->service_account;
    struct requester who = { .name = rbac_account(
        w->arena, pod->space, account ? account : "default") };
    struct request_info what = { .verb = "use", .space = pod->space,
                                 .resource = "podsecuritypolicies",
                                 .name = policy->name };

    for (size_t i = 0; i < 2; i++) {
        what.group = groups[i];
        if (pod->owner == 0 || rbac_allows(w, &who, &what, NULL))
            return true;
    }
    return false;
}

static enum api_code admit(struct world *w, const struct meta *old,
                           struct meta *draft, const char **reason)
{
    const struct meta **list, *as_is = NULL, *filled_in = NULL;
    struct buf faults = { 0 };
    enum api_code code = API_OK;
    size_t n;

    if (old || draft->kind != KIND_POD || !world_is(w, KUBE_1_20))
        return API_OK;
    list = policies(w, &n);
    for (size_t i = 0; i < n && !as_is; i++) {
        struct check c = { .faults = &faults, .fits = true,
                           .policy = psp_seen(list[i])->spec,
                           .pod = value_get(pod_seen(draft)->template->raw,
                                            "spec") };

        if (!may_use(w, draft, list[i]))
            continue;
        check_pod(w->arena, &c);
        if (c.fits && !c.mutates)
            as_is = list[i];
        else if (c.fits && !filled_in)
            filled_in = list[i];
    }
    if (as_is || filled_in)
        record_note(w, "Audit", "PodSecurityPolicy", draft->space, draft->name,
                    arena_printf(w->arena, "admit-policy: %s",
                                 (as_is ? as_is : filled_in)->name));
    else if (n > 0)
        code = admission_forbid(w, draft, reason, "PodSecurityPolicy: unable "
                                "to admit pod: [%s]",
                                faults.text ? faults.text : "");
    buf_free(&faults);
    return code;
}

const struct admission admission_psp = {
    .name = "PodSecurityPolicy",
    .doc = "refuses pods without a policy that they may use and that fits "
           "(1.20)",
    .admit = admit,
};
