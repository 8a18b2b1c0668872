#!/bin/sh
# Makes a certificate authority of this installation and one certificate that all its
# services show each other: deploy/certificates.sh DIR. For a try, and for those who have
# no authority of their own. What is there already is kept; remove cert.pem to renew it.
# Servers read the files again when they have changed.
set -eu
dir=${1:?usage: certificates.sh DIR}
umask 077
mkdir -p "$dir"
cd "$dir"

[ -s ca.pem ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 3650 \
    -subj "/CN=Rapport CA" -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout ca.key -out ca.pem
if ! [ -s cert.pem ]; then
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -subj "/CN=rapport" -keyout key.new -out request.pem
    # Services go by their names to each other; browsers and commands come to localhost.
    cat >names <<EOF
subjectAltName=DNS:survey,DNS:segmentation,DNS:journey,DNS:loyalty,DNS:gateway,DNS:localhost,IP:127.0.0.1
extendedKeyUsage=serverAuth,clientAuth
keyUsage=critical,digitalSignature
basicConstraints=critical,CA:FALSE
EOF
    openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -sha256 -days 397 -extfile names -out cert.new
    mv key.new key.pem
    mv cert.new cert.pem
    rm -f request.pem names ca.srl
fi
# The image's user, who is not you, reads these; the authority's own key stays yours.
chmod 0444 ca.pem cert.pem key.pem
echo "certificates are in $dir: keep ca.key away from the servers"
