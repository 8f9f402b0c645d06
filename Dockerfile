# syntax=docker/dockerfile:1

FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/quarterdeck
ENV PATH=/opt/quarterdeck/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

# The dependencies first, in a layer of their own: it is built again only when they change, not with every edit.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
        > requirements.txt \
    && pip install --quiet -c constraints.txt -r requirements.txt

COPY . .
RUN pip install --quiet --no-deps .


FROM python:3.13-slim
# The data folder holds keys and, without a QUARTERDECK_DATABASE_URL, the database itself.
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/quarterdeck --shell /usr/sbin/nologin quarterdeck
COPY --from=build /opt/quarterdeck /opt/quarterdeck
ENV PATH=/opt/quarterdeck/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    QUARTERDECK_DATA=/var/lib/quarterdeck

USER quarterdeck
WORKDIR /var/lib/quarterdeck
VOLUME /var/lib/quarterdeck
EXPOSE 8000

# The slim image has no curl. urlopen raises on anything but a success, and the exit code is then 1.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('QUARTERDECK_PORT', '8000') + '/healthz', timeout=4)"]

ENTRYPOINT ["quarterdeck"]
CMD ["serve", "--host", "0.0.0.0"]
