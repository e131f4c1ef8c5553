# docker build -t town-subsidy . && docker run --rm -p 8000:8000 -v town-subsidy:/data town-subsidy
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /build \
    && /build/bin/pip install --require-hashes -r requirements-build.lock \
    && python -m venv --without-pip /app \
    && /build/bin/pip --python /app/bin/python install --require-hashes -r requirements.lock
COPY pyproject.toml LICENSE policies.yaml ./
COPY calculators calculators
COPY service service
RUN /build/bin/python -m hatchling build -t wheel -d /wheel \
    && /build/bin/pip --python /app/bin/python install --no-deps --no-index /wheel/*.whl

FROM python:3.11-slim
RUN python -m pip uninstall -y --root-user-action ignore pip setuptools wheel \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin town \
    && install -d -o town -g town /data
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH \
    DATABASE_URL=sqlite:////data/town-subsidy.sqlite \
    HOST=0.0.0.0 \
    PORT=8000 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app
USER town
# The ledger, unless DATABASE_URL names a PostgreSQL.
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
# It becomes gunicorn, which is then process 1 and gets the signal to stop. Workers: -e WEB_CONCURRENCY=4.
CMD ["town-subsidy", "serve"]
