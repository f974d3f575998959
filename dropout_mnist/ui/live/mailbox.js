// Hand data to the panel: weights, which are too large to be sent with every change, and the visitor's input.
// The key of the component names the slot.

function isSame(one, other) {
    if (!(one instanceof Uint8Array && other instanceof Uint8Array)) return JSON.stringify(one) === JSON.stringify(other);
    return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

export default ({data, parentElement}) => {
    const mailbox = window.dropoutMnistLive ??= Object.assign(new EventTarget(), {slots: {}});
    const slot = /st-key-(live_\w+)/.exec(parentElement.closest("[class*=st-key-live_]").className)[1];
    const put = value => {
        mailbox.slots[slot] = value;
        mailbox.dispatchEvent(new CustomEvent("change", {detail: slot}));
    };
    // After a rerun of the page, the same data arrives again.
    if (!isSame(mailbox.slots[slot], data)) put(data);
    const kept = mailbox.slots[slot];
    // After a page change, another component may have filled the slot already.
    return () => mailbox.slots[slot] === kept && put(null);
};
