/*
 * csr.c - the CertificateSigningRequest object.
 *
 * Made by nodes that join (models/node/pool.c); those of a manifest are not
 * read, because nobody would wait for the certificate.
 */
#include "models/csr.h"

#include "read.h"

static void copy_status(struct meta *dst, const struct meta *src)
{
    csr_of(dst)->approved = csr_seen(src)->approved;
    csr_of(dst)->denied = csr_seen(src)->denied;
}

const struct kind_ops kind_CSR = {
    .size = sizeof(struct csr), .copy_status = copy_status,
    .spec_changed = spec_never_changes,
};
