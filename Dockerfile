# The course in JupyterLab, in a container of its own, without GPU libraries:
#   docker build --tag bagnet-course .
#   docker run --rm --publish 127.0.0.1:8888:8888 --volume my_course:/home/learner/course/my_course bagnet-course
# Then open the address that it prints, with its token. Only your own machine can reach it: that is what 127.0.0.1 says.
FROM python:3.11-slim-bookworm

ENV PYTHONUTF8=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/home/learner/.venv/bin:$PATH
RUN useradd --create-home --uid 1000 learner \
    && install --directory --owner learner --group learner /home/learner/course
USER 1000
WORKDIR /home/learner/course

# What changes least comes first: PyTorch, from its own index of builds without GPU libraries, and nothing else from there.
COPY --chown=learner:learner constraints.txt ./
RUN python -m venv /home/learner/.venv \
    && grep --extended-regexp '^(torch|torchvision)==' constraints.txt > /tmp/pytorch.txt \
    && pip install --no-deps --index-url https://download.pytorch.org/whl/cpu --requirement /tmp/pytorch.txt

# Then what the course needs, in the tested versions.
COPY --chown=learner:learner pyproject.toml ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
    > /tmp/needs.txt \
    && pip install --constraint constraints.txt --requirement /tmp/needs.txt

# Then the course itself; .dockerignore says what stays out.
COPY --chown=learner:learner . .
RUN pip install --no-deps --editable . \
    && mkdir my_course

EXPOSE 8888
HEALTHCHECK --start-period=30s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8888/api', timeout=5)"]
# Inside, it listens to all addresses, or nothing could be published; its token is on, as JupyterLab comes.
CMD ["bash", "-c", "python -m bagnet_utils.notebooks copy notebooks my_course && exec jupyter lab --no-browser --ip=0.0.0.0 --port=8888 --LabApp.default_url=/lab/tree/my_course/00_start_here.ipynb"]
