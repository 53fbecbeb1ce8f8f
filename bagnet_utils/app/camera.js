// The camera, where the browser offers one: what it sees, and one picture of it.

const at = Object.fromEntries(["camera", "viewfinder", "video", "shoot", "unshoot"].map((id) => [id, document.getElementById(id)]));

async function open(complain) {
  try {
    at.video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    at.viewfinder.hidden = false;
    await at.video.play();
    at.shoot.focus();
  } catch {
    close();
    complain("The camera cannot be used: the browser or the system does not allow it, or there is none.");
  }
}

function close() {
  at.video.srcObject?.getTracks().forEach((track) => track.stop());
  at.video.srcObject = null;
  at.viewfinder.hidden = true;
}

export function offerCamera(use, complain) {
  at.camera.hidden = !navigator.mediaDevices?.getUserMedia;
  at.camera.addEventListener("click", () => open(complain));
  at.unshoot.addEventListener("click", close);
  at.shoot.addEventListener("click", () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [at.video.videoWidth, at.video.videoHeight];
    canvas.getContext("2d").drawImage(at.video, 0, 0);
    close();
    canvas.toBlob(use, "image/jpeg", 0.92);
  });
}
