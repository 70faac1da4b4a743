# syntax=docker/dockerfile:1
# Two stages: the first installs with the versions and hashes of constraints.txt, the second only runs.

FROM python:3.13-slim AS build
WORKDIR /src
COPY constraints.txt pyproject.toml ./
# constraints.txt also pins what the demo and the tests need: only what the tool itself needs is taken from it.
RUN awk '/^uv==/ {found = 1} found {print} found && !/\\$/ {exit}' constraints.txt > uv.txt \
 && pip install --no-cache-dir --require-hashes -r uv.txt \
 && uv pip compile -q --no-header --no-annotate -c constraints.txt --extra redis pyproject.toml -o tool.names \
 && printf 'hatchling\nbabel\n' | uv pip compile -q --no-header --no-annotate -c constraints.txt - -o build.names \
 && for part in tool build; do \
      awk 'NR == FNR {want[$1]; next} /^[a-z0-9]/ {keep = ($1 in want)} keep' $part.names constraints.txt > $part.txt; \
    done \
 && python -m venv --without-pip /opt/tandem \
 && uv pip install --no-cache --python /opt/tandem/bin/python --require-hashes -r tool.txt \
 && uv pip install --no-cache --system --require-hashes -r build.txt
COPY . .
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheel . \
 && uv pip install --no-cache --python /opt/tandem/bin/python --no-deps /wheel/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin tandem \
 && install --directory --owner=tandem --group=tandem --mode=0700 /data
COPY --from=build /opt/tandem /opt/tandem
ENV PATH=/opt/tandem/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TANDEM_DATA_DIR=/data \
    TANDEM_LOG_FORMAT=json
USER tandem
VOLUME /data
EXPOSE 5000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5000/healthz', timeout=4)"]
# An exec form, so that the server itself gets the signal that ends the container.
CMD ["tandem", "serve", "--host", "0.0.0.0", "--port", "5000"]
